import Foundation
import Logging
import Pipeline
import ServiceLifecycle
import Synchronization
import Systemd

/// Why all services stop.
enum StopCause: Sendable {
  case shutdown, reload

  var loss: CameraLoss {
    switch self {
    case .shutdown: .shutdown
    case .reload: .configChange
    }
  }

  var text: String {
    switch self {
    case .shutdown: "the daemon is stopping"
    case .reload: "the settings were reloaded"
    }
  }
}

/// Stops the group on SIGTERM and SIGINT, and reloads the settings on SIGHUP: all of them, or none.
///
/// Unusable settings, and settings that are the same as before, change nothing and are logged. Otherwise this service ends, and the group with it; its caller then
/// continues with `next`.
final class ControlService: Service {
  private let signals: SignalInbox
  private let read: (@Sendable () throws -> LiveService)?
  private let isNew: @Sendable (LiveService) -> Bool
  private let notification: ServiceNotification
  private let logger: Logger
  private let found = Mutex<LiveService?>(nil)

  /// - Parameters:
  ///   - signals: SIGTERM, SIGINT and SIGHUP.
  ///   - read: reads the settings and checks everything they name; `nil` if SIGHUP should stop the daemon.
  ///   - isNew: whether what was read differs from what is running.
  ///   - notification: reports to systemd.
  ///   - logger: receives problems.
  init(
    _ signals: SignalInbox, read: (@Sendable () throws -> LiveService)?,
    isNew: @escaping @Sendable (LiveService) -> Bool, _ notification: ServiceNotification, _ logger: Logger
  ) {
    self.signals = signals
    self.read = read
    self.isNew = isNew
    self.notification = notification
    self.logger = logger
  }

  /// What to continue with; `nil` if the daemon should stop.
  var next: LiveService? { found.withLock { $0 } }
  var cause: StopCause { next == nil ? .shutdown : .reload }

  func run() async throws {
    await cancelWhenGracefulShutdown { [self] in
      while let signal = await signals.next() {
        guard signal == SIGHUP, let read else { return }
        // Reading the settings once answers all requests so far.
        signals.discard(SIGHUP)
        guard let next = await reload(read) else { continue }
        found.withLock { $0 = next }
        return
      }
    }
  }

  /// A service with the current settings; `nil` if they cannot be used or have not changed.
  private func reload(_ read: @escaping @Sendable () throws -> LiveService) async -> LiveService? {
    notification.reloading()
    do {
      let next = try await onOwnThread(named: "reload", read)
      guard isNew(next) else {
        logger.notice("settings reloaded: nothing has changed")
        notification.ready(status: "Watching; the settings have not changed")
        return nil
      }
      logger.notice("settings reloaded: \(next.summary)")
      return next
    } catch {
      logger.error("settings not reloaded: \(error)")
      notification.ready(status: "The settings on disk cannot be used")
      return nil
    }
  }
}
