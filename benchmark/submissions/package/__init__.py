"""Opens the folders and archives that strangers pack, and believes nothing they say."""
