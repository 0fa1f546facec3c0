import ArgumentParser
import Basics
import Synthesis

@main
struct ADL: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adl",
    abstract: """
      Recognition of activities of daily living: watch, look back, try rules, recognise, list cameras, import models, \
      measure, train, let clients in.
      """,
    discussion: """
      The service itself is `adld`. Exit status: 0 done, 1 a check failed, 64 wrong use, 65 a file or model that cannot \
      be used, 69 a device or service that is not there.
      """,
    subcommands: [
      WatchCommand.self, HistoryCommand.self, RulesCommand.self, RecognizeCommand.self, CamerasCommand.self,
      ModelCommand.self, SelftestCommand.self, BenchCommand.self, SynthCommand.self, ScoreCommand.self,
      TrainCommand.self, KeysCommand.self,
    ])

  static func main() async {
    StandardStreams.prepare()
    await main(nil)
  }
}
