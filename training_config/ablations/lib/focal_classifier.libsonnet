// As in the authors' released code: the focal form of equation (16).
{ model+: { classifier_focal_gamma: 2.0 } }
