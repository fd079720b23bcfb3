"""The hatch build hook: compiles the programs of `[tool.zkwasm]` and packs them into the wheel.

`initialize` compiles in the project's tree and adds the files to the artifacts of wheels (standard and editable);
`finalize` opens what hatch built and checks that the files are really in it. Source distributions carry the sources
only, from which a wheel is compiled again.
"""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

from hatch_zkwasm.configuration import Configuration, check_hook_options, parse_configuration
from zkwasm_compiler.errors import InputError, InternalError, Problem

if TYPE_CHECKING:
    from hatch_zkwasm.build import BuildReport

REBUILD_VARIABLE = "ZKWASM_REBUILD"
"""Set to 1 to compile also what is up to date; build front-ends pass no other settings to hooks."""


class ZkwasmBuildHook(BuildHookInterface[BuilderConfig]):
    """Hatch's view of the build; everything that does not need hatch is in `hatch_zkwasm.build`."""

    PLUGIN_NAME = "zkwasm"

    def clean(self, versions: list[str]) -> None:
        from hatch_zkwasm.build import clean

        clean(self._configuration())

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        configuration = self._configuration()
        if self.target_name == "wheel":
            self._report = self._build(configuration)
            build_data["artifacts"].extend(f"/{file}" for file in self._report.files)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        configuration = self._configuration()
        artifact = Path(artifact_path)
        if self.target_name == "sdist":
            problems = self._check_sdist(configuration, artifact)
        elif self.target_name != "wheel":
            return
        elif version == "editable":
            from hatch_zkwasm.build import check_outputs

            problems = check_outputs(configuration, self._report)
        else:
            problems = self._check_wheel(artifact)
        if problems:
            artifact.unlink(missing_ok=True)  # An incomplete artifact must not be published by accident.
            self._abort(problems)

    def _configuration(self) -> Configuration:
        tool = self.metadata.config.get("tool", {})
        try:
            check_hook_options(self.config, self._options_path(tool))
            return parse_configuration(tool.get("zkwasm"), Path(self.root))
        except InputError as error:
            self._abort(error.problems)

    def _options_path(self, tool: dict[str, Any]) -> str:
        """Where hatch found the hook's table: one below the target replaces the general one."""
        target = tool.get("hatch", {}).get("build", {}).get("targets", {}).get(self.target_name, {})
        below = f".targets.{self.target_name}" if "zkwasm" in target.get("hooks", {}) else ""
        return f"tool.hatch.build{below}.hooks.zkwasm"

    def _build(self, configuration: Configuration) -> BuildReport:
        from hatch_zkwasm.build import build
        from hatch_zkwasm.costs import example_table
        from hatch_zkwasm.errors import BuildError

        try:
            report = build(configuration, rebuild=os.environ.get(REBUILD_VARIABLE, "") not in ("", "0"))
        except BuildError as error:
            self._abort(error.problems)
        except InternalError as error:
            self.app.abort(f"zkwasm: {error}")
        self.app.display_info(f"zkwasm: {report.summary}")
        for line in example_table(program.manifest for program in report.programs):
            self.app.display_info(line)
        return report

    def _check_wheel(self, artifact: Path) -> list[Problem]:
        """Files that the wheel lacks or holds in another form."""
        from hatch_zkwasm.build import expected_sha256
        from hatch_zkwasm.manifest import sha256

        problems: list[Problem] = []
        with zipfile.ZipFile(artifact) as wheel:
            names = set(wheel.namelist())
            for program in self._report.programs:
                for file in program.files:
                    packed = self.build_config.get_distribution_path(file)
                    if packed not in names:
                        message = (
                            "is not in the wheel; `output` must name a folder of a package that the wheel includes"
                        )
                        problems.append(Problem(message, file=file))
                    elif sha256(wheel.read(packed)) != expected_sha256(program, file):
                        problems.append(Problem("was changed while the wheel was built", file=file))
        return problems

    def _check_sdist(self, configuration: Configuration, artifact: Path) -> list[Problem]:
        """Sources that the sdist lacks, without which no wheel can be built from it, and outputs that it carries."""
        from hatch_zkwasm.build import output_files

        with tarfile.open(artifact) as sdist:
            names = {member.partition("/")[2] for member in sdist.getnames()}
        problems: list[Problem] = []
        for program in configuration.programs:
            message = "is not in the sdist; include it in [tool.hatch.build.targets.sdist]"
            sources = (program.source, *(file for _, file in program.links))
            problems.extend(Problem(message, file=file) for file in sources if file not in names)
            problems.extend(
                Problem("is compiled and must not be in the sdist; ignore it in .gitignore", file=file)
                for file in output_files(configuration, program)
                if file in names
            )
        return problems

    def _abort(self, problems: Iterable[Problem]) -> NoReturn:
        self.app.abort("\n".join(f"zkwasm: error: {problem}" for problem in problems))
        raise AssertionError("abort ends the process")
