"""Downloads the public release of MSWAL from the Hugging Face hub, whole."""
