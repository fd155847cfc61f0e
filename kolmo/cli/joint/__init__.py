"""Commands that estimate the mutual information of data sets by joint compression."""
