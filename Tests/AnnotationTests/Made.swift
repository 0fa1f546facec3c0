import Capture
import Foundation
import Recognition
import Testing
import Video

@testable import Pipeline

/// A result with these people.
func madeResult(_ people: [FileRecognition.FollowedPerson]) -> FileRecognition.Result {
  var result = FileRecognition.Result()
  result.people = people
  return result
}

/// A result about the whole scene, with this person's activities.
func madeScene(_ person: FileRecognition.FollowedPerson) -> FileRecognition.Result {
  var result = FileRecognition.Result()
  result.scene = person.timeline
  return result
}

/// A person with boxes, windows and activities at times in seconds.
func madePerson(
  _ id: Int, until: Double = 100, boxes: [(time: Double, box: PictureBox)] = [],
  windows: [(time: Double, probabilities: [Float])] = [], activities: [(index: Int, onset: Double, offset: Double)] = []
) -> FileRecognition.FollowedPerson {
  var person = FileRecognition.FollowedPerson(id: id, since: .zero, until: .seconds(until))
  person.boxes = boxes.map { (.seconds($0.time), $0.box) }
  person.timeline.windows = windows.map {
    FileRecognition.Window(
      firstSample: 0, time: .seconds($0.time), end: .seconds($0.time + 4), logits: $0.probabilities,
      scores: ActivityScores($0.probabilities))
  }
  person.timeline.activities = activities.map {
    FileRecognition.FinishedActivity(
      index: $0.index, onset: .seconds($0.onset), offset: .seconds($0.offset), confidence: 0.75)
  }
  return person
}

/// Grey frames at given times, which may fail at the end.
struct MadeSource: ~Copyable, FrameSource {
  var times: [Duration]
  var size = FrameSize(width: 32, height: 24)
  var grey: UInt8 = 100
  /// Thrown after the last frame; without it the source ends.
  var failure: CaptureError?
  private var index = 0

  init(times: [Duration], size: FrameSize = FrameSize(width: 32, height: 24), failure: CaptureError? = nil) {
    (self.times, self.size, self.failure) = (times, size, failure)
  }

  var counters: CaptureCounters { CaptureCounters() }

  mutating func next(into frame: inout Frame, timeout: Duration) throws(CaptureError) -> FrameArrival {
    guard index < times.count else {
      if let failure { throw failure }
      return .ended
    }
    frame.layOut(.grey, size, color: ColorDescription(matrix: .bt601, range: .full))
    for at in 0..<frame.byteCount { frame.bytes[at] = grey }
    frame.timestamp = times[index]
    frame.sequence = index
    index += 1
    return .frame
  }
}
