"""
The one place where AllenNLP 2.10.1 is changed, at run time; its files stay as they are.

- `libraries`: what current libraries took away from it;
- `plugins`: how it finds this plugin, and what is imported then;
- `configs`: optional environment variables, and errors that name the allowed keys;
- `errors`: what is wrong with data or a config in one line;
- `archives`: what is wrong with an archive, likewise; nothing but its own files is read or written;
- `trust`: an archive builds listed components only, unless `--trust` is given;
- `logs`: log lines that matter;
- `predict_command`: whole documents for `allennlp predict`;
- `evaluation`: the results of an evaluation as a table;
- `training`: what `train` and `find-lr` lack;
- `training_folder`: one training in a folder, and always the same;
- `training_data`: a training corpus without entities is an error, a path that is `null` is none.

Parts of AllenNLP cannot be imported beside current libraries, and plugins come too late to help:
AllenNLP has imported itself by then. `pyproject.toml` therefore names `install` in the entry point
group `torch.backends`, meant for device back ends, which PyTorch (2.5 or newer) calls at the end of
`import torch`: the one place that the `allennlp` command, `python -m`, a plain import, spawned
workers and pytest all pass, in normal and editable installs alike. It waits for modules of AllenNLP
only, leaves PyTorch as it is until one of them is imported, and
`TORCH_DEVICE_BACKEND_AUTOLOAD=0` switches it off.

`install` puts a finder in front of the import system, which runs a patch when a module that it
names is imported. As it runs at every `import torch`, these modules import nothing but the standard
library at their top.
"""

import sys


def install() -> None:
    """Puts the finder in place, once; says so in one line where it cannot, and never raises."""
    try:
        from locate_label_allennlp.patches import (  # noqa: F401
            archives,
            configs,
            errors,
            evaluation,
            libraries,
            logs,
            plugins,
            predict_command,
            training,
            training_data,
            training_folder,
            trust,
        )
        from locate_label_allennlp.patches.finder import PatchingFinder

        if not any(isinstance(finder, PatchingFinder) for finder in sys.meta_path):
            sys.meta_path.insert(0, PatchingFinder())
    except Exception as error:
        message = f"AllenNLP may fail, its patches are not in place: {error}"
        print(f"locate_label_allennlp: {message}", file=sys.stderr)
