// Table 3 of the paper: every seed is a proposal.
{ model+: { filter: null } }
