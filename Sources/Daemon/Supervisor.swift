import Logging
import ServiceLifecycle
import Systemd

/// Checks that every worker makes progress and only then feeds systemd's watchdog; a timer alone never does.
///
/// A disconnected camera counts as progress too, as long as its thread keeps retrying.
struct Supervisor: Service {
  let lifelines: [Lifeline]
  let notification: ServiceNotification
  let logger: Logger
  /// Half of systemd's watchdog timeout; one second without a watchdog.
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
      do { try await Task.sleep(for: period) } catch { return }  // The daemon is stopping.
    }
  }

  /// Logs changes, and feeds the watchdog if nothing is stuck.
  ///
  /// - Parameter before: names of the workers that were stuck.
  /// - Returns: names of the workers that are stuck now.
  private func report(_ before: Set<String>) -> Set<String> {
    let overdue = lifelines.compactMap { lifeline in lifeline.overdue().map { (lifeline: lifeline, time: $0) } }
    for (lifeline, time) in overdue where !before.contains(lifeline.name) {
      logger.critical(
        """
        \(lifeline.complaint(overdue: time))\
        \(notification.watchdogPeriod == nil ? "" : "; systemd will restart the daemon")
        """)
    }
    let stuck = Set(overdue.map(\.lifeline.name))
    for name in before.subtracting(stuck).sorted() { logger.notice("\(name) is working again") }
    if stuck.isEmpty { notification.isAlive() }
    return stuck
  }
}
