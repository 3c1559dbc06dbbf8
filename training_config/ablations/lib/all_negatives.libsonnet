// All negative seeds in training instead of five drawn at random for each positive one.
{ model+: { negatives_per_positive: null } }
