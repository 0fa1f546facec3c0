import Foundation
import Pipeline
import Recognition

/// Prints the results of `adl recognize` for people.
struct RecognitionText {
  let grouping: LabelGrouping
  /// Consecutive windows that must agree before an activity starts.
  let onHold: Int

  func print(_ result: FileRecognition.Result) {
    if let people = result.people {
      for person in people { print(person) }
      if people.isEmpty { Swift.print("Nobody was found; --scene looks at the whole picture.") }
      if let main = result.mainPerson, people.count > 1, !main.timeline.windows.isEmpty {
        Swift.print("\nThe main person: \(main.id)")
      }
    } else {
      printWindows(result.scene)
      print(result.scene, of: "The clip")
    }
    if result.wasRepeated { Swift.print("The video is shorter than one window and was repeated to fill it.") }
  }

  private func print(_ person: FileRecognition.FollowedPerson) {
    Swift.print("\nPerson \(person.id)  \(clock(person.since)) – \(clock(person.until))")
    guard !person.timeline.windows.isEmpty else {
      Swift.print("was not present for a whole window, or others were recognised instead (--most)")
      return
    }
    print(person.timeline, of: "Person \(person.id)")
  }

  private func printWindows(_ timeline: FileRecognition.Timeline) {
    for window in timeline.windows {
      let top = grouping.top(window.scores, count: 5)
        .map { "\(name($0.index, $0.member)) \(share($0.probability))" }
      Swift.print("\(clock(window.time))  \(top.joined(separator: ", "))")
    }
  }

  private func print(_ timeline: FileRecognition.Timeline, of subject: String) {
    Swift.print("\nActivities:")
    for activity in timeline.activities {
      Swift.print(
        "\(clock(activity.onset)) – \(clock(activity.offset))  \(name(activity.index, activity.member))  \(share(activity.confidence))"
      )
    }
    if timeline.activities.isEmpty {
      // A single confident window is not an activity, but no sign of doubt either.
      Swift.print(
        timeline.windows.count < onHold
          ? "too short for any: an activity starts once \(onHold) windows agree, and there is \(timeline.windows.count)"
          : "none was certain enough for \(onHold) consecutive windows (--on, --off)")
    }
    if let index = timeline.verdict.index {
      Swift.print(
        "\n\(subject): \(name(index, timeline.verdict.member(grouping))) (\(share(timeline.verdict.pooled[index])))")
    }
  }

  /// A family with its most probable label, such as `Drink (drinking beer)`.
  private func name(_ activity: Int, _ member: Int?) -> String {
    grouping.activities[activity] + (member.map { " (\(grouping.labels[$0]))" } ?? "")
  }

  private func share(_ value: Float) -> String { value.formatted(.number.precision(.fractionLength(2))) }
}
