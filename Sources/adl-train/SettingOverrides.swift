import ArgumentParser

/// `--set`, as every command that reads a stage's settings has it.
struct SettingOverrides: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Override a setting, such as data.videos=/data/ntu; may be repeated.", valueName: "section.key=value")
  )
  var values: [String] = []
}
