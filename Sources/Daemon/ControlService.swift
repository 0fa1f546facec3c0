import Foundation
import Logging
import Pipeline
import ServiceLifecycle
import Synchronization
import Systemd

/// Why everything ends.
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
    case .shutdown: "the daemon stops"
    case .reload: "the settings were read again"
    }
  }
}

/// Ends the group at SIGTERM and SIGINT, and reads the settings again at SIGHUP: all of them, or none.
///
/// What cannot be used changes nothing and is logged. Otherwise this service ends, and with it the group; whoever ran it goes
/// on with `next`.
final class ControlService: Service {
  private let signals: SignalInbox
  private let read: (@Sendable () throws -> LiveService)?
  private let notification: ServiceNotification
  private let logger: Logger
  private let found = Mutex<LiveService?>(nil)

  /// - Parameters:
  ///   - signals: SIGTERM, SIGINT and SIGHUP.
  ///   - read: reads the settings and checks everything they name; `nil` where SIGHUP means the end.
  ///   - notification: tells systemd.
  ///   - logger: for what is wrong.
  init(
    _ signals: SignalInbox, read: (@Sendable () throws -> LiveService)?, _ notification: ServiceNotification,
    _ logger: Logger
  ) {
    self.signals = signals
    self.read = read
    self.notification = notification
    self.logger = logger
  }

  /// What to go on with; `nil` when the daemon is to stop.
  var next: LiveService? { found.withLock { $0 } }
  var cause: StopCause { next == nil ? .shutdown : .reload }

  func run() async throws {
    await cancelWhenGracefulShutdown { [self] in
      while let signal = await signals.next() {
        guard signal == SIGHUP, let read else { return }
        // One look at the settings answers all who asked so far.
        signals.discard(SIGHUP)
        guard let next = await reload(read) else { continue }
        found.withLock { $0 = next }
        return
      }
    }
  }

  /// What the settings say now; `nil` where they cannot be used.
  private func reload(_ read: @escaping @Sendable () throws -> LiveService) async -> LiveService? {
    notification.reloading()
    do {
      let next = try await onOwnThread(named: "reload", read)
      logger.notice("the settings were read again: \(next.summary)")
      return next
    } catch {
      logger.error("the settings stay as they were: \(error)")
      notification.ready(status: "The settings on disk cannot be used")
      return nil
    }
  }
}
