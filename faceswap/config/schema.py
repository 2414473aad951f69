"""Every setting of every command, declared once: type, default, help. YAML only selects and overrides."""

from dataclasses import fields

from faceswap.config import editing_nodes as editing
from faceswap.config import exploring_nodes as exploring
from faceswap.config import stylegan_training_nodes as stylegan_training
from faceswap.config import swapping_nodes as swapping
from faceswap.config.groups import GROUPS
from faceswap.config.options import walk

# The verbatim settings that name files or folders (`~` is opened in them), and those that name things of a workspace.
PATHS = (
    "video",
    "workspace",
    "out",
    "init.path",
    "onnx",
    "run",
    "apply",
    "keep",
    "finder.path",
    "finder.weights_folder",
    "finder.embedder_weights",
    "photo",
    "generator",
    "encoder",
    "directions",
    "vgg",
    "labels",
    "pictures",
    "foreign",
    "lpips",
    "a",
    "b",
    "cartoon",
    "inversions",
    "data",
    "grow_from",
    "inception",
)
NAMES = ("name", "faces", "pair.name", "pair.a", "pair.b")

COMMANDS: dict[str, type] = {
    "extract": swapping.ExtractConfig,
    "curate": swapping.CurateConfig,
    "train": swapping.TrainConfig,
    "convert": swapping.ConvertConfig,
    "export": swapping.ExportConfig,
    "demo": swapping.DemoConfig,
    "generate": exploring.GenerateConfig,
    "invert": editing.InvertConfig,
    "edit": editing.EditConfig,
    "morph": exploring.MorphConfig,
    "directions": exploring.DirectionsConfig,
    "stylegan.metrics": exploring.MetricsConfig,
    "convert_weights": exploring.ConvertWeightsConfig,
    "stylegan.train": stylegan_training.StyleGANTrainConfig,
}

EXAMPLES = {
    "extract": "video=craig.mp4",
    "curate": "faces=craig",
    "train": "pair=craig_brosnan",
    "convert": "video=brosnan.mp4",
    "export": "pair=craig_brosnan",
    "demo": "minutes=5",
    "generate": "seeds=0-15",
    "invert": "photo=craig.jpg",
    "edit": "photo=craig.jpg smile=+1.5 age=-2",
    "morph": "a=craig.jpg b=brosnan.jpg",
    "directions": "samples=5000",
    "stylegan.metrics": "pairs=1000",
    "convert_weights": "generator=ffhq.pkl out=ffhq.safetensors",
    "stylegan.train": "data=portraits plan.resolution=64",
}

FLAGS = {
    "--help": "this text",
    "--show-config": "print the composed settings and stop",
    "--config-dir DIR": "a folder with YAML files of your own: pair/NAME.yaml, model/NAME.yaml, ...",
    "--debug": "show the traceback of an error",
}
MORE_FLAGS = {
    "train": {
        "--multirun, -m": "train all combinations of settings with several values (model=lite,original), one after "
        "the other, each in a run of its own, and compare them; goes on where it was stopped"
    }
}


def choices(group: str) -> list[str]:
    """The plugin choices of a group that are declared here."""
    return list(GROUPS.get(group, {}))


def verbatim_names(command: str) -> set[str]:
    """Dotted names of the settings taken from the command line as they are, plugins' included."""
    names = {name for name, f in walk(COMMANDS[command]) if f.metadata.get("verbatim")}
    for f in fields(COMMANDS[command]):
        for node in GROUPS.get(f.metadata.get("group", ""), {}).values():
            names |= {f"{f.name}.{name}" for name, inner in walk(node) if inner.metadata.get("verbatim")}
    return names


def open_name(command: str) -> str:
    """The setting of a command that takes all names that are no settings; empty where there is none."""
    return next((f.name for f in fields(COMMANDS[command]) if f.metadata.get("open")), "")


def register() -> None:
    """Enters all nodes into Hydra's store."""
    from hydra.core.config_store import ConfigStore

    store = ConfigStore.instance()
    for command, config in COMMANDS.items():
        store.store(name=f"{command}_schema", node=config)
    for group, plugins in GROUPS.items():
        for choice, node in plugins.items():
            store.store(group=group, name=choice, node=node)
