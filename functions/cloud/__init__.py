"""Google Cloud: the one place that imports `google.*`."""
