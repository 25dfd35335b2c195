"""The reference harness for whole-abdomen lesion segmentation on MSWAL."""
