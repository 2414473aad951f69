"""What errors of Hydra and OmegaConf mean to the user, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from faceswap.config import schema
from faceswap.config.groups import group_choices
from faceswap.config.wording import nearest, shortened
from faceswap.utils.errors import UserError
from faceswap.utils.installing import install_command


@contextmanager
def one_line_errors(command: str, extra_folder: Path | None) -> Iterator[None]:
    """Within the block, errors of Hydra and OmegaConf are UserErrors of one line."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(one_line(command, error, extra_folder)) from error


def one_line(command: str, error: Exception, extra_folder: Path | None) -> str:
    """Return what an error of Hydra or OmegaConf means: which setting, what came, what is accepted."""
    from hydra.errors import MissingConfigException
    from omegaconf.errors import ConfigAttributeError, ConfigKeyError, MissingMandatoryValue, OmegaConfBaseException

    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return _missing(error.missing_cfg_file, extra_folder)
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OmegaConfBaseException):
        cause = cause.__cause__ or cause.__context__
    name = str(getattr(cause, "full_key", None) or "")
    if isinstance(cause, ConfigAttributeError | ConfigKeyError) and name:
        owner, _, last = name.rpartition(".")
        holder: Any = getattr(cause, "parent_node", None) if owner else None  # of a user's class: what its file names
        hint = nearest(last, [*schema.names_in(command, owner), *map(str, holder or ())])
        where = " as chosen" if owner else ""
        return f"{owner or command} has no setting '{last}'{where}{hint}; --help lists all settings"
    if isinstance(cause, MissingMandatoryValue) and name:
        known = group_choices(schema.group_of(command, name), extra_folder)
        return f"{name} is missing" + (f"; choose one of its group: {', '.join(known)}" if known else "")
    if isinstance(cause, OmegaConfBaseException) and name:
        said = shortened(str(error).partition("override ")[2]) if error is not cause else name
        return f"{said or name}: {_wanted(command, name, cause)}; --help tells what it takes"
    return shortened((str(error).strip() or type(error).__name__).splitlines()[0])


def _missing(config: str, extra_folder: Path | None) -> str:
    group, _, choice = config.removesuffix(".yaml").rpartition("/")
    if group == "hydra/launcher":
        return f"hydra/launcher={choice} is not installed; for joblib: {install_command('joblib')}"
    known = group_choices(group, extra_folder) if group else sorted(schema.COMMANDS)
    what = f"{group}={choice} is not known" if group else f"--config-name {choice}: there is no such file"
    return f"{what}{nearest(choice, known)}" + (f"; choose from: {', '.join(known)}" if known and group else "")


def _wanted(command: str, key: str, error: Exception) -> str:
    """What a setting takes, in words."""
    kinds = schema.kinds_of(command, key)
    if inner := schema.names_in(command, key):
        return f"it holds settings of its own, set as {key}.{inner[0]}=..."
    if kinds == {"str"}:
        return "one text is wanted"
    words = {"int": "a whole number", "float": "a number", "bool": "true or false", "list": "a list, as [0,2] or 0,2"}
    named = [word for kind, word in words.items() if kind in kinds]
    if named:
        return f"{' or '.join(named)} is wanted"
    return shortened(str(error).splitlines()[0])
