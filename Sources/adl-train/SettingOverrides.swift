import ArgumentParser

/// The option `--set`, shared by all commands that read a stage's settings.
struct SettingOverrides: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Override a setting, such as data.videos=/data/ntu; may be repeated.", valueName: "section.key=value")
  )
  var values: [String] = []
}
