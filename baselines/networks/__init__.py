"""Networks written for this benchmark, as plain torch modules."""
