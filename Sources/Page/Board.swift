package import Events
package import Foundation
package import History
import Synchronization

/// The daemon's current state, for whoever looks at the page.
///
/// Camera threads write, client threads take a copy; neither works while holding the lock.
package final class Board: Sendable {
  /// Everything that the page and the metrics show.
  package struct Snapshot: Sendable {
    package struct Camera: Sendable {
      package var state: CameraState?
      /// The last health message.
      package var health: CameraHealth?
      package var counters = CameraHealth.Counters()
      /// Number of activities started, by label.
      package var activities: [String: Int] = [:]
    }

    package let node: String
    package let epoch: String
    package let model: ModelIdentity
    /// The model's labels, in order.
    package let labels: [String]
    package let started: Date
    /// Camera names in the order of the settings.
    package let names: [String]
    /// Rule names.
    package let rules: [String]
    package fileprivate(set) var cameras: [String: Camera]
    package fileprivate(set) var alerts: [AlertEvent] = []
    /// Seconds per window.
    package fileprivate(set) var inference = Histogram(bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5])
    /// Seconds from the last frame of a window to the event based on it.
    package fileprivate(set) var latency = Histogram(bounds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10])
  }

  private struct Desk {
    var snapshot: Snapshot
    var open: [String: ActivitySpan] = [:]
    var ended: [ActivitySpan] = []
  }

  private let desk: Mutex<Desk>
  private let keptActivities: Int

  /// An empty board.
  ///
  /// - Parameters:
  ///   - node: the machine's name in topics.
  ///   - epoch: the publisher's epoch.
  ///   - model: the model's name.
  ///   - labels: the model's labels.
  ///   - cameras: camera names in the order of the settings.
  ///   - rules: rule names.
  ///   - started: the current time.
  ///   - keptActivities: how many ended activities to keep for `spans`; older ones are dropped.
  package init(
    node: String, epoch: String, model: ModelIdentity, labels: [String], cameras: [String], rules: [String],
    started: Date, keptActivities: Int
  ) {
    desk = Mutex(
      Desk(
        snapshot: Snapshot(
          node: node, epoch: epoch, model: model, labels: labels, started: started, names: cameras, rules: rules,
          cameras: Dictionary(uniqueKeysWithValues: cameras.map { ($0, Snapshot.Camera()) }))))
    self.keptActivities = keptActivities
  }

  package var snapshot: Snapshot { desk.withLock { $0.snapshot } }

  /// Activities since the daemon started that overlap a period, earliest first.
  package func spans(from: Date, to: Date) -> [ActivitySpan] {
    let (ended, open) = desk.withLock { ($0.ended, $0.open) }
    return (ended + open.values).filter { $0.begin < to && ($0.end ?? to) >= from }
      .sorted { ($0.begin, $0.id) < ($1.begin, $1.id) }
  }

  package func take(_ event: ActivityEvent) {
    desk.withLock { desk in
      if event.type == .start { desk.snapshot.cameras[event.camera]?.activities[event.activity.label, default: 0] += 1 }
      if let latency = event.latency { desk.snapshot.latency.add(Double(latency.captureToPublish) / 1000) }
      guard keptActivities > 0, let span = ActivitySpan(event, epoch: desk.snapshot.epoch) else { return }
      guard event.type == .end else {
        desk.open[span.id] = span
        return
      }
      desk.open[span.id] = nil
      desk.ended.append(span)
      // Not one at a time, because that would move all the others.
      if desk.ended.count >= keptActivities * 2 { desk.ended.removeFirst(keptActivities) }
    }
  }

  package func take(_ prediction: Prediction) {
    desk.withLock { $0.snapshot.inference.add(Double(prediction.latency.inference) / 1000) }
  }

  package func take(_ state: CameraState) { desk.withLock { $0.snapshot.cameras[state.camera]?.state = state } }
  package func take(_ health: CameraHealth) { desk.withLock { $0.snapshot.cameras[health.camera]?.health = health } }
  package func take(_ alerts: AlertsState) { desk.withLock { $0.snapshot.alerts = alerts.alerts } }

  package func take(_ counters: CameraHealth.Counters, of camera: String) {
    desk.withLock { $0.snapshot.cameras[camera]?.counters = counters }
  }
}
