import ArgumentParser
import Evaluation
import Events
import Foundation
import Pipeline
import Recognition

/// What was recognised in a stream, for `adl score`: just now by this program, or as recorded earlier.
struct RecognizedStream {
  var subjects: [StreamScore.Subject]

  /// The result of `FileRecognition`.
  init(_ result: FileRecognition.Result, _ grouping: LabelGrouping) {
    let timelines = result.people.map { $0.map(\.timeline) } ?? [result.scene]
    subjects = timelines.map { timeline in
      StreamScore.Subject(
        activities: timeline.activities.map {
          StreamSpan(
            label: grouping.activities[$0.index], begin: $0.onset / .seconds(1), end: $0.offset / .seconds(1))
        },
        windows: timeline.windows.map { $0.time / .seconds(1)...max($0.time, $0.end) / .seconds(1) })
    }
  }

  /// Reads the output of `adl recognize --json` or `adl watch --json`.
  ///
  /// - Parameters:
  ///   - text: the output.
  ///   - path: the file's path, for messages.
  ///   - camera: the camera to use, if there are several.
  /// - Throws: an exit status, after a message on standard error, if it is neither.
  init(text: String, path: String, camera: String?) throws {
    if let subjects = (try? JSONDecoder().decode(Report.self, from: Data(text.utf8)))?.subjects {
      self.subjects = subjects
    } else {
      var log = EventLog(camera: camera)
      for line in text.split(whereSeparator: \.isNewline) { log.read(line) }
      guard let activities = log.activities else {
        throw stopped(
          "\(path) is neither a recording (which needs --model), nor output of `adl recognize --json`, nor output of "
            + "`adl watch --json` in which \(camera.map { "the camera '\($0)'" } ?? "a camera") goes online",
          ExitStatus.data)
      }
      subjects = [StreamScore.Subject(activities: activities)]
    }
  }
}

/// The parts of a `RecognitionReport` that are needed.
private struct Report: Decodable {
  struct Activity: Decodable {
    var label: String
    var onset: Double
    var offset: Double
  }

  struct Window: Decodable {
    var time: Double
    var end: Double
  }

  struct Subject: Decodable {
    var activities: [Activity]
    var windows: [Window]
  }

  /// For the whole picture.
  var activities: [Activity]?
  var windows: [Window]?
  var people: [Subject]?

  /// `nil` if the JSON is something else.
  var subjects: [StreamScore.Subject]? {
    let scene = activities.flatMap { activities in windows.map { Subject(activities: activities, windows: $0) } }
    return (people ?? scene.map { [$0] })?.map { subject in
      StreamScore.Subject(
        activities: subject.activities.map { StreamSpan(label: $0.label, begin: $0.onset, end: $0.offset) },
        windows: subject.windows.map { $0.time...max($0.time, $0.end) })
    }
  }
}

/// The activities of one camera from `adl watch --json`, in seconds since it went online.
private struct EventLog {
  private struct Line<Message: Decodable>: Decodable {
    var topic: String
    var message: Message
  }

  private var camera: String?
  private var zero: Int64?
  private var latest: Int64 = 0
  private var open: [String: ActivityEvent] = [:]
  private var ended: [StreamSpan] = []

  init(camera: String?) { self.camera = camera }

  /// Ordered by start; open ones last until the final message; `nil` if the camera never went online.
  var activities: [StreamSpan]? {
    guard zero != nil else { return nil }
    return (ended + open.values.map { span($0, end: latest) }).sorted { $0.begin < $1.begin }
  }

  mutating func read(_ line: Substring) {
    let data = Data(line.utf8)
    func decoded<Message: Decodable>(_: Message.Type) -> Message? {
      (try? JSONDecoder().decode(Line<Message>.self, from: data))?.message
    }
    guard let envelope = try? JSONDecoder().decode(Line<Envelope>.self, from: data),
      let topic = Topic(parsing: envelope.topic)
    else { return }
    latest = max(latest, envelope.message.monotonic)
    switch topic.kind {
    case .health:
      guard let health = decoded(CameraHealth.self), health.type == .online else { return }
      begin(health.camera, at: envelope.message.monotonic)
    case .state:
      // A subscriber that joined slightly late missed that; the first state says since when.
      guard let state = decoded(CameraState.self), state.condition == "online" else { return }
      begin(state.camera, at: state.since.monotonic)
    case .event:
      guard let event = decoded(ActivityEvent.self), event.camera == camera else { return }
      if let offset = event.offset {
        open[event.id] = nil
        ended.append(span(event, end: offset.monotonic))
      } else {
        open[event.id] = event
      }
    default: return
    }
  }

  private mutating func begin(_ name: String, at time: Int64) {
    guard zero == nil, camera ?? name == name else { return }
    (camera, zero) = (name, time)
  }

  private func span(_ event: ActivityEvent, end: Int64) -> StreamSpan {
    func seconds(_ time: Int64) -> Double { Double(time - (zero ?? time)) / 1e9 }
    return StreamSpan(label: event.activity.label, begin: seconds(event.onset.monotonic), end: seconds(end))
  }
}
