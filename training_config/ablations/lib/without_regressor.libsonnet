// Table 3 of the paper: proposals keep the boundaries of their seeds.
{ model+: { regressor: null } }
