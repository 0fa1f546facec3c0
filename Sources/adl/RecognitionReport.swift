import Foundation
import ModelFile
import Pipeline
import Recognition
import Video

/// The object printed by `adl recognize --json`.
struct RecognitionReport: Encodable {
  /// The network's output for one window.
  struct Window: Encodable {
    /// Index of the window's first sample, at the model's sample rate.
    var firstFrame: Int
    /// Seconds from the start of the video, for its first and last sample.
    var time: Double
    var end: Double
    var logits: [Float]
    /// One probability per label.
    var softmax: [Float]
    /// The five most probable activities, best first.
    var top: [Candidate]
  }

  /// An activity and its probability in a window.
  struct Candidate: Encodable {
    var label: String
    /// A family's most probable label; absent here and below if the model has no families.
    var member: String?
    var probability: Float
  }

  /// An activity that was recognised, with its start and end.
  struct Activity: Encodable {
    var label: String
    var member: String?
    /// Seconds from the start of the video.
    var onset: Double
    var offset: Double
    var confidence: Float
  }

  /// The activity with the largest probability in any window.
  struct Verdict: Encodable {
    var label: String
    var member: String?
    var index: Int
    /// For each activity, its largest probability over windows.
    var softmax: [Float]
  }

  /// The model that was used; `sha256` is that of its file.
  struct Model: Encodable {
    var name: String
    var sha256: String
  }

  /// Where a person is at one time.
  struct Box: Encodable {
    /// Seconds from the start of the video.
    var time: Double
    /// Fractions of the picture.
    var x: Double
    var y: Double
    var width: Double
    var height: Double
  }

  /// A person's track, and what was recognised in it.
  struct Person: Encodable {
    var id: Int
    /// Seconds from the start of the video.
    var since: Double
    var until: Double
    var boxes: [Box]
    var windows: [Window]
    var activities: [Activity]
    var verdict: Verdict?
  }

  /// Only if the whole scene was analysed, as for `activities`.
  var windows: [Window]?
  var activities: [Activity]?
  var people: [Person]?
  /// For the scene, or for the main person.
  var verdict: Verdict?
  var model: Model

  init(_ result: FileRecognition.Result, _ model: StudentModel, _ grouping: LabelGrouping) {
    if let people = result.people {
      self.people = people.map { Person($0, grouping) }
      verdict = result.mainPerson.flatMap { Verdict($0.timeline, grouping) }
    } else {
      windows = result.scene.windows.map { Window($0, grouping) }
      activities = result.scene.activities.map { Activity($0, grouping) }
      verdict = Verdict(result.scene, grouping)
    }
    self.model = Model(name: model.card.name, sha256: model.sha256)
  }

  func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

extension RecognitionReport.Window {
  fileprivate init(_ window: FileRecognition.Window, _ grouping: LabelGrouping) {
    firstFrame = window.firstSample
    time = window.time / .seconds(1)
    end = window.end / .seconds(1)
    logits = window.logits
    softmax = window.scores.labels
    top = grouping.top(window.scores, count: 5).map { candidate in
      RecognitionReport.Candidate(
        label: grouping.activities[candidate.index], member: candidate.member.map { grouping.labels[$0] },
        probability: candidate.probability)
    }
  }
}

extension RecognitionReport.Activity {
  fileprivate init(_ activity: FileRecognition.FinishedActivity, _ grouping: LabelGrouping) {
    label = grouping.activities[activity.index]
    member = activity.member.map { grouping.labels[$0] }
    onset = activity.onset / .seconds(1)
    offset = activity.offset / .seconds(1)
    confidence = activity.confidence
  }
}

extension RecognitionReport.Verdict {
  fileprivate init?(_ timeline: FileRecognition.Timeline, _ grouping: LabelGrouping) {
    guard let index = timeline.verdict.index else { return nil }
    self.init(
      label: grouping.activities[index], member: timeline.verdict.member(grouping).map { grouping.labels[$0] },
      index: index, softmax: timeline.verdict.pooled)
  }
}

extension RecognitionReport.Person {
  fileprivate init(_ person: FileRecognition.FollowedPerson, _ grouping: LabelGrouping) {
    func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }
    id = person.id
    since = person.since / .seconds(1)
    until = person.until / .seconds(1)
    boxes = person.boxes.map { time, box in
      RecognitionReport.Box(
        time: time / .seconds(1), x: rounded(box.x), y: rounded(box.y), width: rounded(box.width),
        height: rounded(box.height))
    }
    windows = person.timeline.windows.map { RecognitionReport.Window($0, grouping) }
    activities = person.timeline.activities.map { RecognitionReport.Activity($0, grouping) }
    verdict = RecognitionReport.Verdict(person.timeline, grouping)
  }
}
