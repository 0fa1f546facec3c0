import Logging
import ServiceLifecycle
import Systemd

/// Looks whether every worker makes progress, and tells systemd so: its watchdog is fed by this, never by a timer alone.
///
/// A camera that is away is progress, too, as long as its thread goes on trying.
struct Supervisor: Service {
  let lifelines: [Lifeline]
  let notification: ServiceNotification
  let logger: Logger
  /// Half of what systemd waits for a sign; a second where it does not watch.
  let period: Duration

  init(_ lifelines: [Lifeline], _ notification: ServiceNotification, _ logger: Logger) {
    self.lifelines = lifelines
    self.notification = notification
    self.logger = logger
    period = notification.watchdogPeriod.map { $0 / 2 } ?? .seconds(1)
  }

  func run() async { await cancelWhenGracefulShutdown { await supervise() } }

  private func supervise() async {
    var stuck: Set<String> = []
    while !Task.isCancelled {
      stuck = report(stuck)
      do { try await Task.sleep(for: period) } catch { return }  // The daemon stops.
    }
  }

  /// Says what changed, and feeds the watchdog where nothing is stuck.
  ///
  /// - Parameter before: names of what was stuck.
  /// - Returns: names of what is.
  private func report(_ before: Set<String>) -> Set<String> {
    let overdue = lifelines.compactMap { lifeline in lifeline.overdue().map { (lifeline: lifeline, time: $0) } }
    for (lifeline, time) in overdue where !before.contains(lifeline.name) {
      logger.critical(
        """
        \(lifeline.complaint(overdue: time))\
        \(notification.watchdogPeriod == nil ? "" : "; systemd will start the daemon anew")
        """)
    }
    let stuck = Set(overdue.map(\.lifeline.name))
    for name in before.subtracting(stuck).sorted() { logger.notice("\(name) goes on") }
    if stuck.isEmpty { notification.isAlive() }
    return stuck
  }
}
