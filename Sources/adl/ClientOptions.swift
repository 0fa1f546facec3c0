import ArgumentParser
import Events

/// A client's keys for watching a daemon on another machine.
struct ClientOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The daemon's public key, to connect to its events.remote.", valueName: "file"))
  var serverKey: String?

  @Option(help: ArgumentHelp("This client's secret key, made by `adl keys generate`.", valueName: "file"))
  var key: String?

  func validate() throws {
    guard (serverKey == nil) == (key == nil) else {
      throw ValidationError("--server-key and --key belong together: the daemon's key and this client's own")
    }
  }

  /// `nil` for a daemon on this machine.
  func identity() throws(EventError) -> ClientIdentity? {
    guard let serverKey, let key else { return nil }
    return try ClientIdentity(serverKey: serverKey, key: key)
  }
}
