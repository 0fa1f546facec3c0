import Basics
import Bridge
import Foundation
import Settings

/// How to log in at the broker, with all files named by the settings already read.
struct BrokerAccess: Sendable {
  let settings: BrokerSettings
  let password: Secret?

  /// - Throws: `SettingsError` or `BrokerFailure.setting` that names the setting whose file cannot be used.
  init(_ settings: BrokerSettings) throws {
    self.settings = settings
    password = try settings.readPassword()
    guard let tls = settings.tls else { return }
    for (name, path) in [
      ("broker.tls.ca", tls.authority), ("broker.tls.certificate", tls.certificate), ("broker.tls.key", tls.key),
    ] {
      guard let path, !FileManager.default.isReadableFile(atPath: path) else { continue }
      throw BrokerFailure.setting(name: name, reason: "\(path) cannot be read")
    }
  }
}
