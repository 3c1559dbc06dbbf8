// Table 3 of the paper: every example has weight 1 in equation (11).
{ model+: { soft_example_eta: 0.0 } }
