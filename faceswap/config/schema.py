"""Every setting of every command, declared once: type, default, help. YAML only selects and overrides."""

import functools
from dataclasses import Field, fields

from faceswap.config import editing, exploring, stylegan_training, swapping, web
from faceswap.config.groups import GROUPS
from faceswap.config.nodes import node_of
from faceswap.utils.settings.options import kinds, walk

COMMANDS: dict[str, type] = {
    "extract": swapping.ExtractRequest,
    "people": swapping.PeopleRequest,
    "curate": swapping.CurateRequest,
    "train": swapping.TrainRequest,
    "convert": swapping.ConvertRequest,
    "export": swapping.ExportRequest,
    "verify": swapping.VerifyRequest,
    "demo": swapping.DemoRequest,
    "generate": exploring.GenerateRequest,
    "invert": editing.InvertRequest,
    "edit": editing.EditRequest,
    "morph": exploring.MorphRequest,
    "directions": exploring.DirectionsRequest,
    "stylegan.metrics": exploring.MetricsRequest,
    "convert_weights": exploring.ConvertWeightsRequest,
    "stylegan.train": stylegan_training.StyleGANTrainRequest,
    "match": web.MatchRequest,
    "booth_film": web.BoothFilmRequest,
    "worker": web.WorkerRequest,
    "studio": web.StudioRequest,
    "booth": web.BoothRequest,
}

# After a stop these go on where they were; all others begin anew. What was finished under its name stays.
GO_ON = (
    *("extract", "people", "curate", "train", "convert", "demo", "stylegan.train", "stylegan.metrics"),
    *("worker", "studio", "booth"),
)

EXAMPLES = {
    "extract": "video=craig.mp4",
    "people": "video=film.mp4",
    "curate": "faces=craig",
    "train": "pair=craig_brosnan",
    "convert": "video=brosnan.mp4",
    "export": "pair=craig_brosnan",
    "verify": "film.mp4",
    "demo": "minutes=5",
    "generate": "seeds=0-15",
    "invert": "photo=craig.jpg",
    "edit": "photo=craig.jpg smile=+1.5 age=-2",
    "morph": "a=craig.jpg b=brosnan.jpg",
    "directions": "samples=5000",
    "stylegan.metrics": "pairs=1000",
    "convert_weights": "generator=ffhq.pkl out=ffhq.safetensors",
    "stylegan.train": "data=portraits plan.resolution=64",
    "match": "photo=craig.jpg",
    "booth_film": "photo=craig.jpg",
    "worker": "workspace=workspace",
    "studio": "media=films",
    "booth": "gallery=celebrities",
}

FLAGS = {
    "--help": "this text",
    "--show-config": "print the composed settings and stop",
    "--config-dir DIR": "a folder with YAML files of your own: pair/NAME.yaml, model/NAME.yaml, ...",
    "trust=PACKAGE": "take classes of this package of your own that a YAML file names; several: A,B",
    "--version": "print the version",
    "--debug": "show the traceback of an error",
}
TEXTS = ("path", "name", "text")  # kinds of settings that are taken as they are written
MORE_FLAGS = {
    "train": {
        "settings=FILE": "the config.yaml of a run, or its folder: the same settings again, those said here apart",
        "--multirun, -m": "train all combinations of settings with several values (model=lite,original), one after "
        "the other, each in a run of its own, and compare them; goes on where it was stopped",
    }
}


def choices(group: str) -> list[str]:
    """The plugin choices of a group that are declared here."""
    return list(GROUPS.get(group, {}))


@functools.cache
def settings_of(command: str) -> dict[str, list[Field]]:
    """The fields behind each dotted name of a command; several, where plugins share a name."""
    found = {name: [field] for name, field in walk(COMMANDS[command])}
    for owner in fields(COMMANDS[command]):
        for node in GROUPS.get(owner.metadata.get("group", ""), {}).values():
            for name, inner in walk(node):
                found.setdefault(f"{owner.name}.{name}", []).append(inner)
    return found


def group_of(command: str, name: str) -> str:
    """The group of which a setting of a command is a choice; empty for other settings."""
    return next((f.metadata.get("group", "") for f in fields(COMMANDS[command]) if f.name == name), "")


def names_in(command: str, owner: str) -> list[str]:
    """The names within a section or plugin of a command, or at its top."""
    prefix = f"{owner}." if owner else ""
    rest = [name.removeprefix(prefix) for name in settings_of(command) if name.startswith(prefix)]
    return sorted({name.partition(".")[0] for name in rest})


def kinds_of(command: str, name: str) -> set[str]:
    """What a setting may hold: names of types, as "int" and "None"; empty for an unknown one."""
    return set().union(*(kinds(field) for field in settings_of(command).get(name, [])))


@functools.cache
def names_of_kind(command: str, *kinds: str) -> frozenset[str]:
    """Dotted names of the settings that hold a path, a name or a text (None said: any), plugins' included."""
    wanted = kinds or TEXTS
    return frozenset(
        n for n, found in settings_of(command).items() if any(f.metadata.get("kind") in wanted for f in found)
    )


def schema_name(choice: str) -> str:
    """What a declared plugin is called in Hydra's store; the YAML file of the choice builds on it."""
    return f"{choice}_schema"


def open_name(command: str) -> str:
    """The setting of a command that takes all names that are no settings; empty where there is none."""
    return next((f.name for f in fields(COMMANDS[command]) if f.metadata.get("open")), "")


def register(command: str) -> None:
    """Enter into Hydra's store what a command is composed of: its node, and those of the plugins it may choose."""
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name=f"{command}_schema", node=node_of(COMMANDS[command]))
    for group in {field.metadata.get("group", "") for field in fields(COMMANDS[command])} & GROUPS.keys():
        _enter(group)


@functools.cache  # to copy the nodes of all plugins takes as long as to compose a command
def _enter(group: str) -> None:
    from hydra.core.config_store import ConfigStore

    for choice, config in GROUPS[group].items():
        ConfigStore.instance().store(group=group, name=schema_name(choice), node=node_of(config))
