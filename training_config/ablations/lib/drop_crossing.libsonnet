// As in the authors' released code: spans that cross are both dropped before Soft-NMS.
{ model+: { decoder+: { drop_crossing: true } } }
