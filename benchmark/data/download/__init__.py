"""The public release of MSWAL on the Hugging Face hub: what it holds, and getting it whole."""
