"""
Lets a Jsonnet config read an environment variable that may not be set.

AllenNLP hands every environment variable to Jsonnet as an external variable of its name, but
Jsonnet cannot ask whether an external variable exists: a config with an optional one fails. So all
of them are handed over once more as a single JSON object, `std.extVar('locate_label_environment')`,
from which `training_config/lib/environment.libsonnet` picks values with defaults.
"""

import json
from typing import Dict

from allennlp.common import params

VARIABLE = "locate_label_environment"


def _with_whole_environment() -> Dict[str, str]:
    variables = _environment_variables()
    return {**variables, VARIABLE: json.dumps(variables)}


_environment_variables = params._environment_variables
params._environment_variables = _with_whole_environment
