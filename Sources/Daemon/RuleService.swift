import Alerts
import Events
import Logging
import Rules
import ServiceLifecycle
import Settings
import Synchronization

/// Feeds the rules with published messages, and with the time once a second; publishes their alerts.
final class RuleService: Service {
  private let watch: Mutex<RuleWatch>
  private let publisher: EventPublisher
  private let logger: Logger
  private let tell: @Sendable (AlertsState) -> Void

  /// Starts watching now; `cameras` are all enabled cameras, and `tell` receives the raised alerts whenever they
  /// change.
  init(
    _ settings: RuleSettings, cameras: [String], publisher: EventPublisher, logger: Logger,
    tell: @escaping @Sendable (AlertsState) -> Void = { _ in }
  ) {
    self.tell = tell
    self.publisher = publisher
    self.logger = logger
    watch = Mutex(RuleWatch(settings, cameras: cameras, at: Self.now(publisher)))
    // New subscribers get it even if no alert is ever raised.
    publisher.publish(AlertsState(alerts: []))
  }

  /// Takes a message that was just published; cameras call it from their own threads.
  func take(_ report: Report) {
    proceed { watch, now in
      switch report {
      case .activity(let event): watch.take(event, at: now)
      case .person(let event): watch.take(event, at: now)
      case .state(let state): watch.take(state, at: now)
      case .health(let health): watch.take(health, at: now)
      case .prediction: watch.tick(at: now)
      }
    }
  }

  func run() async throws {
    let stop = StopSignal()
    try await withGracefulShutdownHandler {
      // The shared pool may be busy; alerts must not wait for it.
      try await onOwnThread(named: "rules") {
        while !stop.isSet {
          stop.wait(for: .seconds(1))
          self.proceed { watch, now in watch.tick(at: now) }
        }
      }
    } onGracefulShutdown: {
      stop.stop()
    }
  }

  /// Clears all raised alerts, once nothing is reported any more.
  func stop() { proceed { watch, now in watch.stop(at: now) } }

  /// The time is read under the lock, so that it never goes back.
  private func proceed(_ step: (inout RuleWatch, Moment) -> RuleWatch.Outcome) {
    watch.withLock { watch in
      let outcome = step(&watch, Self.now(publisher))
      for window in outcome.undecided { logger.notice("no alert from \(window.rule): \(window.reason)") }
      guard !outcome.alerts.isEmpty else { return }
      for alert in outcome.alerts.map(\.alert) {
        logger.notice("\(alert.type.rawValue) \(alert.rule): \(alert.clearReason ?? alert.reason)")
        publisher.publish(alert)
      }
      publisher.publish(watch.state)
      tell(watch.state)
    }
  }

  private static func now(_ publisher: EventPublisher) -> Moment {
    let (monotonic, wall) = publisher.options.clock.now()
    return Moment(monotonic: monotonic, wall: wall)
  }
}
