"""What is in a data set: its lesions, their sizes, its patients and scans, beside what the paper says of MSWAL."""
