import ArgumentParser
import Events
import Foundation
import Recognition

/// `adl score`: recognised activities beside what really went on.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Compare recognised activities with the truth about a stream.",
    discussion: """
      The truth is a CSV file with the columns begin, end (seconds) and label, as `adl synth --stream` writes it; idle, \
      unknown and background stand for nothing to be recognised. A fourth column, person, says who of several people \
      did it: all are judged together, whoever did it, or with --person one of them. What was recognised is what `adl recognize --json` \
      printed about the file, or what `adl watch --json` printed while a daemon played it: there the stream begins when \
      its camera goes online.

      An activity is found when it was recognised with an onset within the tolerance of its begin. A recognised activity \
      is false when nothing of its label goes on near it and most of it lies where the truth says something else.

      Ends with 1 when --least-found or --most-false is not met.
      """)

  @Argument(help: "What was recognised.")
  var recognised: String

  @Option(help: ArgumentHelp("What went on.", valueName: "csv"))
  var truth: String

  @Option(help: ArgumentHelp("Of a truth about several people: this one's alone.", valueName: "number"))
  var person: Int?

  @Option(help: ArgumentHelp("Between begin and recognised onset.", valueName: "seconds"))
  var tolerance = 2.0

  @Option(
    help: ArgumentHelp("Of what `adl watch` printed: this camera's; the first one's when left out.", valueName: "name"))
  var camera: String?

  @Option(help: ArgumentHelp("Least share of activities to be found, 0 to 1.", valueName: "share"))
  var leastFound: Double?

  @Option(help: ArgumentHelp("Most false activities a minute.", valueName: "count"))
  var mostFalse: Double?

  func validate() throws {
    guard tolerance > 0 else { throw ValidationError("--tolerance must be more than 0 seconds") }
  }

  func run() throws {
    let (spans, people) = try truthSpans()
    let found = try recognisedSpans()
    let length = spans.map(\.end).max() ?? 0
    let score = StreamScore(truth: spans, recognised: found, tolerance: tolerance, length: length)
    for (activity, onset) in score.activities {
      let result = onset.map { String(format: "✓ %+.1f s", $0 - activity.begin) } ?? "–"
      print("\(clock(activity.begin))  \(activity.label.padding(toLength: 14, withPad: " ", startingAt: 0))  \(result)")
    }
    for span in score.falseOnes { print("\(clock(span.begin))  false: \(span.label), \(Int(span.end - span.begin)) s") }
    let count = score.activities.count { $0.onset != nil }
    let delay = score.medianDelay.map { String(format: ", %+.1f s after their begin in the median", $0) } ?? ""
    print(
      String(format: "found %d of %d activities (%.0f %%)", count, score.activities.count, 100 * score.found) + delay)
    print(String(format: "%d false ones, %.2f a minute", score.falseOnes.count, score.falsePerMinute))
    // While one is idle, another's activities are no noise.
    if score.silence.seconds > 0, people < 2 {
      print(
        String(
          format: "silent in %.0f %% of %.0f s in which nothing was to be recognised",
          100 * score.silence.kept / score.silence.seconds, score.silence.seconds))
    }
    guard score.found >= leastFound ?? 0, score.falsePerMinute <= mostFalse ?? .infinity else {
      throw ExitCode(1)
    }
  }

  private func clock(_ seconds: Double) -> String {
    String(format: "%3d:%04.1f", Int(seconds) / 60, seconds.truncatingRemainder(dividingBy: 60))
  }

  // MARK: Files

  private func text(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw stopped("\(path) is not there or cannot be read", ExitStatus.data)
    }
    guard data.count < 1 << 30, let text = String(data: data, encoding: .utf8) else {
      throw stopped("\(path) is not UTF-8 text of less than 1 GiB", ExitStatus.data)
    }
    return text
  }

  /// What went on, in order, and how many people did it.
  private func truthSpans() throws -> (spans: [StreamScore.Span], people: Int) {
    let lines = try text(truth).split(whereSeparator: \.isNewline)
    let header = lines.first.map(String.init) ?? ""
    let hasPeople = header == "begin,end,label,person"
    guard hasPeople || header == "begin,end,label" else {
      throw stopped("\(truth): its first line must be begin,end,label or begin,end,label,person", ExitStatus.data)
    }
    guard hasPeople || person == nil else {
      throw stopped("\(truth) has no column person; leave --person out", ExitStatus.data)
    }
    let rows = try lines.enumerated().dropFirst().map { index, line in
      let fields = line.split(separator: ",", maxSplits: hasPeople ? 3 : 2, omittingEmptySubsequences: false)
      let who = hasPeople ? fields.last.flatMap { Int($0) } : 1
      guard fields.count == (hasPeople ? 4 : 3), let who, let begin = Double(fields[0]), let end = Double(fields[1]),
        begin.isFinite, end.isFinite, begin <= end, !fields[2].isEmpty
      else {
        throw stopped(
          "\(truth), line \(index + 1): '\(line)' is not \(header) with begin before end", ExitStatus.data)
      }
      return (who: who, span: StreamScore.Span(label: String(fields[2]), begin: begin, end: end))
    }
    let chosen = rows.filter { person ?? $0.who == $0.who }
    if let person, chosen.isEmpty { throw stopped("\(truth) has no person \(person)", ExitStatus.data) }
    return (chosen.map(\.span), Set(chosen.map(\.who)).count)
  }

  private struct Report: Decodable {
    struct Activity: Decodable {
      var label: String
      var onset: Double
      var offset: Double
    }

    struct Person: Decodable {
      var activities: [Activity]
    }

    /// Of the whole picture.
    var activities: [Activity]?
    var people: [Person]?

    /// Everything that was recognised; `nil` for JSON of something else.
    var all: [Activity]? { people.map { $0.flatMap(\.activities) } ?? activities }
  }

  private struct Line<Message: Decodable>: Decodable {
    var topic: String
    var message: Message
  }

  private func recognisedSpans() throws -> [StreamScore.Span] {
    let text = try text(recognised)
    if let activities = (try? JSONDecoder().decode(Report.self, from: Data(text.utf8)))?.all {
      return activities.map { StreamScore.Span(label: $0.label, begin: $0.onset, end: $0.offset) }
        .sorted { $0.begin < $1.begin }
    }
    return try spans(watched: text.split(whereSeparator: \.isNewline))
  }

  /// Activities of one camera out of `adl watch --json`, in seconds since it went online.
  private func spans(watched lines: [Substring]) throws -> [StreamScore.Span] {
    var wanted = camera
    var zero: Int64?
    var latest: Int64 = 0
    var open: [String: ActivityEvent] = [:]
    var spans: [StreamScore.Span] = []
    func seconds(_ time: Int64) -> Double { Double(time - (zero ?? time)) / 1e9 }
    func span(_ event: ActivityEvent, end: Int64) -> StreamScore.Span {
      StreamScore.Span(label: event.activity.label, begin: seconds(event.onset.monotonic), end: seconds(end))
    }
    for line in lines {
      let data = Data(line.utf8)
      guard let envelope = try? JSONDecoder().decode(Line<Envelope>.self, from: data),
        let topic = Topic(parsing: envelope.topic)
      else { continue }
      latest = max(latest, envelope.message.monotonic)
      switch topic.kind {
      case .health:
        guard let health = try? JSONDecoder().decode(Line<CameraHealth>.self, from: data).message,
          health.type == .online, zero == nil, wanted ?? health.camera == health.camera
        else { continue }
        (wanted, zero) = (health.camera, envelope.message.monotonic)
      case .state:
        // A subscriber that joined a little late has missed that; the first state says since when.
        guard zero == nil, let state = try? JSONDecoder().decode(Line<CameraState>.self, from: data).message,
          state.condition == "online", wanted ?? state.camera == state.camera
        else { continue }
        (wanted, zero) = (state.camera, state.since.monotonic)
      case .event:
        guard let event = try? JSONDecoder().decode(Line<ActivityEvent>.self, from: data).message,
          event.camera == wanted
        else { continue }
        if let offset = event.offset {
          open[event.id] = nil
          spans.append(span(event, end: offset.monotonic))
        } else {
          open[event.id] = event
        }
      default: continue
      }
    }
    guard zero != nil else {
      throw stopped(
        "\(recognised) is neither what `adl recognize --json` prints nor has it a camera\(wanted.map { " '\($0)'" } ?? "") "
          + "that goes online, as `adl watch --json` prints from a daemon's start", ExitStatus.data)
    }
    return (spans + open.values.map { span($0, end: latest) }).sorted { $0.begin < $1.begin }
  }
}
