"""The folder of --config-dir: its YAML comes before the shipped one, and is read as plain settings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigLoadError, ConfigResult, ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf

from faceswap.config import schema
from faceswap.config.groups import GROUPS
from faceswap.utils.errors import UserError
from faceswap.utils.limits import INTERPOLATIONS, YAML_BYTES
from faceswap.utils.settings.options import walk
from faceswap.utils.untrusted.text_files import read_text
from faceswap.utils.untrusted.yaml_files import parse_yaml

# Pairs are read as data (pair_files.py), commands and what Hydra itself does are not a folder's to change.
_NOT_FROM_A_FOLDER = ("pair", "hydra")
_RESOLVER = re.compile(r"(?<!\\)(?:\\\\)*\$\{.*:", re.DOTALL)  # not one that a backslash makes a plain text


class UserFolderSource(ConfigSource):
    """YAML files of groups (model/NAME.yaml, mask/NAME.yaml, ...) in a folder that may be somebody else's."""

    @staticmethod
    def scheme() -> str:
        return "faceswap-settings"

    def load_config(self, config_path: str) -> ConfigResult:
        path = self._file(config_path)
        if path is None:
            raise ConfigLoadError(f"Config not found : {config_path}")
        text = read_text(path, YAML_BYTES)
        values = parse_yaml(text, str(path)) or {}
        if not isinstance(values, dict):
            raise UserError(f"{path}: settings are wanted, each a line 'name: value'")
        try:
            header = self._get_header_dict(text[:512])
        except ValueError as error:
            raise UserError(f"{path}: its first line cannot be read ({error})") from error
        package = header.get("package") or ""
        if package.startswith("hydra") or "hydra" in values:
            raise UserError(f"{path}: what Hydra itself does is set on the command line only, not in a file")
        if package.startswith("pair") or (package == "_global_" and "pair" in values):
            raise UserError(
                f"{path}: a pair is set by pair=NAME, pair.a= and pair.b=; a file of another group cannot set it"
            )
        group, _, name = config_path.removesuffix(".yaml").strip("/").rpartition("/")
        texts = _text_settings("" if package == "_global_" else group)
        try:
            values = _as_written(values, parse_yaml(text, str(path), texts=True), texts)
        except ValueError as error:
            raise UserError(f"{path}: two names in it are one and the same, written in two ways (1 and 01)") from error
        if "defaults" in values:
            values["defaults"] = _without_itself(values["defaults"], group, name, path)
        check_no_resolvers(values, str(path))
        return ConfigResult(
            config=OmegaConf.create(values),
            path=f"{self.scheme()}://{self.path}",
            provider=self.provider,
            header=header,
        )

    def available(self) -> bool:
        return Path(self.path).is_dir()

    def is_group(self, config_path: str) -> bool:
        return self._taken(config_path) and (Path(self.path) / config_path).is_dir()

    def is_config(self, config_path: str) -> bool:
        return self._file(config_path) is not None

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        folder = Path(self.path) / config_path
        files: list[str] = []
        for path in folder.iterdir() if folder.is_dir() and self._taken(config_path) else ():
            self._list_add_result(files, f"{config_path}/{path.name}", path.name, results_filter)
        return sorted(set(files))

    def _file(self, config_path: str) -> Path | None:
        """The file of a choice of a group, or of --config-name; None where there is none."""
        name = config_path.strip("/")
        path = Path(self.path) / self._normalize_file_name(name)
        if not self._taken(name) or ".." in path.parts or ("/" not in name and name != UserFolderPath.main):
            return None
        return path if path.is_file() else None

    @staticmethod
    def _taken(config_path: str) -> bool:
        return config_path.strip("/").partition("/")[0] not in _NOT_FROM_A_FOLDER


class UserFolderPath(SearchPathPlugin):
    """Puts the folder before the shipped settings."""

    folder: Path | None = None
    main = ""  # the file of the folder that --config-name names; no other stands for a command

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        if self.folder is not None:
            search_path.prepend("user", f"{UserFolderSource.scheme()}://{self.folder}", anchor="main")


@contextmanager
def folder_first(folder: Path | None, main: str = "") -> Iterator[None]:
    """Within the block Hydra composes with the YAML of `folder` before the shipped one; `main`: of --config-name."""
    Plugins.instance().register(UserFolderSource)
    Plugins.instance().register(UserFolderPath)
    before = UserFolderPath.folder, UserFolderPath.main
    UserFolderPath.folder = folder.resolve() if folder else None
    UserFolderPath.main = "" if main in schema.COMMANDS else main
    try:
        yield
    finally:
        UserFolderPath.folder, UserFolderPath.main = before


def check_no_resolvers(value: Any, where: str) -> None:
    """Raises UserError for `${resolver:...}`, which could read the environment; `${other.setting}` is taken."""
    if isinstance(value, dict):
        for name, one in value.items():
            check_no_resolvers(name, where)
            check_no_resolvers(one, where)
    elif isinstance(value, list):
        for one in value:
            check_no_resolvers(one, where)
    elif isinstance(value, str) and value.count("${") > INTERPOLATIONS:
        raise UserError(f"{where}: '{value[:60]}...' names more than {INTERPOLATIONS} other settings")
    elif isinstance(value, str) and _RESOLVER.search(value):
        raise UserError(f"{where}: '{value[:60]}' is not resolved: only ${{other.setting}} is; write the value itself")


def _text_settings(group: str) -> frozenset[str]:
    """Dotted names of the settings that hold a text: of a group's plugins, of all commands where the group is none."""
    if group not in GROUPS:
        return frozenset().union(*(schema.names_of_kind(command) for command in schema.COMMANDS))
    settings = (found for node in GROUPS[group].values() for found in walk(node))
    return frozenset(name for name, field in settings if field.metadata.get("kind") in schema.TEXTS)


def _as_written(value: Any, text: Any, names: Collection[str], name: str = "") -> Any:
    """Return a value of a file; `text`, the same as it is written there, where the setting is a text: 1e5, 1.10."""
    if isinstance(value, dict):
        prefix = f"{name}." if name else ""
        written = zip(value.items(), text.values(), strict=True)  # a key, too, may be another text there
        return {key: _as_written(one, other, names, f"{prefix}{key}") for (key, one), other in written}
    if isinstance(value, list):
        return [_as_written(one, other, names, name) for one, other in zip(value, text, strict=True)]
    return text if name in names and value is not None else value


def _without_itself(defaults: Any, group: str, name: str, path: Path) -> Any:
    """A file named like what it builds on means what is built in; of a shipped file it hides, there is nothing left."""
    if not isinstance(defaults, list) or name not in defaults:
        return defaults
    if name not in schema.choices(group):
        raise UserError(f"{path} builds on '{name}', which is this file itself; give it another name")
    return [schema.schema_name(one) if one == name else one for one in defaults]
