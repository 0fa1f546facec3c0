import ArgumentParser
import Capture
import Evaluation
import Foundation
import ModelFile
import Pipeline

/// The command `adl score`: compares recognised activities with what really happened.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Compare what is recognised in a stream with the truth.",
    discussion: """
      With --model the stream is a recording, and is recognised as the daemon would. Otherwise it is the output of \
      `adl recognize --json`, or of `adl watch --json` while a daemon played a recording; the stream then begins when its \
      camera goes online.

      The truth is a CSV file as `adl synth --stream` writes it: begin, end (seconds) and label, with the labels idle, \
      unknown and background where there is nothing to recognise, and a column person if there are several people. They are \
      scored together, no matter who did what, or one at a time with --person.

      recognised       share of true activities for which one with the same label was recognised that begins within \
      --tolerance of their start; each recognised one counts once
      false per minute recognised activities with nothing of their label within --tolerance, most of which lie \
      where the truth says what goes on
      quiet            share of windows without an activity, among those in which nobody does anything to be recognised, or \
      nobody is there; an event log has no windows, so each second counts as one

      Exit status 1 if --least-recognised, --most-false or --least-quiet is not met.

      Examples:
        adl synth --out two --stream 60 --people 2 --size 640x480
        adl score two/stream.avi --truth two/truth.csv --model Models/people.safetensors
        adl watch --json >events & …; adl score events --truth two/truth.csv
      """)

  @Argument(help: "A recording, with --model; otherwise what was recognised in it.")
  var stream: String

  @Option(help: ArgumentHelp("What really happened.", valueName: "csv"))
  var truth: String

  @Option(help: ArgumentHelp("Recognise the recording with this model.", valueName: "file.safetensors"))
  var model: String?

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @Option(help: ArgumentHelp("Score only this person, if the truth is about several.", valueName: "number"))
  var person: Int?

  @Option(help: ArgumentHelp("Largest distance between true start and recognised onset.", valueName: "seconds"))
  var tolerance = 2.0

  @Option(
    help: ArgumentHelp("Camera in the output of `adl watch`. Default: the first.", valueName: "name"))
  var camera: String?

  @Option(help: ArgumentHelp("Smallest acceptable share of recognised activities, 0 to 1.", valueName: "share"))
  var leastRecognised: Double?

  @Option(help: ArgumentHelp("Largest acceptable number of false activities per minute.", valueName: "count"))
  var mostFalse: Double?

  @Option(help: ArgumentHelp("Smallest acceptable share of quiet windows, 0 to 1.", valueName: "share"))
  var leastQuiet: Double?

  @OptionGroup(title: "Recognition, with --model")
  var setup: RecognitionSetup

  func validate() throws {
    guard tolerance > 0 else { throw ValidationError("--tolerance must be more than 0 seconds") }
    if model == nil, let option = try setup.changed().first {
      throw ValidationError("\(option) applies to recognising a recording; add --model")
    }
    for (name, share) in [("--least-recognised", leastRecognised), ("--least-quiet", leastQuiet)] {
      guard share.map({ (0...1).contains($0) }) ?? true else { throw ValidationError("\(name) must be 0 to 1") }
    }
    guard mostFalse.map({ $0 >= 0 }) ?? true else { throw ValidationError("--most-false must be at least 0") }
    guard model == nil || camera == nil else {
      throw ValidationError("--camera selects from the output of `adl watch`; omit it with --model")
    }
  }

  func run() throws {
    try reporting {
      let truth = try judgedTruth()
      let score = StreamScore(truth: truth, subjects: try recognized().subjects, tolerance: tolerance)
      let report = ScoreReport(score)
      print(json ? try report.json() : report.text)
      guard score.recognised ?? 1 >= leastRecognised ?? 0, score.falsePerMinute <= mostFalse ?? .infinity,
        score.quiet ?? 1 >= leastQuiet ?? 0
      else { throw ExitCode(1) }
    }
  }

  private func judgedTruth() throws -> StreamTruth {
    let all = try StreamTruth(path: truth)
    guard let person else { return all }
    let own = all.of(person)
    guard !own.lines.isEmpty else {
      let known = all.people.map(String.init).joined(separator: ", ")
      throw stopped("\(truth) has no person \(person), only \(known); change --person", ExitStatus.data)
    }
    return own
  }

  private func recognized() throws -> RecognizedStream {
    guard let model else {
      return try RecognizedStream(text: try wholeText(stream), path: stream, camera: camera)
    }
    let outcome = try setup.recognize(SourceDescription(recording: stream), with: StudentModel(path: model))
    return RecognizedStream(outcome.result, outcome.options.grouping)
  }
}

extension StreamTruth {
  /// Reads a file.
  ///
  /// - Parameter path: the path of a CSV file.
  /// - Throws: an exit status, after a message on standard error, or `EvaluationError`.
  init(path: String) throws { try self.init(csv: wholeText(path), path: path) }
}

/// A file's text.
private func wholeText(_ path: String) throws -> String {
  let data = try wholeFile(path)
  guard data.count < 1 << 30, let text = String(data: data, encoding: .utf8) else {
    throw stopped("\(path) is not UTF-8 text of less than 1 GiB", ExitStatus.data)
  }
  return text
}
