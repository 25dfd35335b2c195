"""Plans what a cluster, or a machine with several GPUs, is to do for many methods, task by task."""
