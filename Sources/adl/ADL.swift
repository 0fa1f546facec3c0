import ArgumentParser
import Basics
import Synthesis

@main
struct ADL: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adl",
    abstract: """
      Recognise activities of daily living: watch events, look back, try rules, recognise files, list cameras, import \
      models, measure, train, manage keys.
      """,
    discussion: """
      The service itself is `adld`. Exit status: 0 done, 1 a check failed, 64 wrong usage, 65 a file or model cannot be \
      used, 69 a device or service is not available.
      """,
    subcommands: [
      WatchCommand.self, HistoryCommand.self, RulesCommand.self, RecognizeCommand.self, CamerasCommand.self,
      ModelCommand.self, SelftestCommand.self, BenchCommand.self, SynthCommand.self, ScoreCommand.self,
      TrainCommand.self, KeysCommand.self,
    ])

  static func main() async {
    StandardStreams.prepare()
    CommandLineText.requireUTF8(program: "adl")
    await main(nil)
  }
}
