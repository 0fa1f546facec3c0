import Foundation
import Testing

/// A mosquitto for this test, on a free loopback port.
final class Broker {
  /// What is missing to run one; `nil` if nothing is.
  static let missing: String? = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto_sub", "/usr/bin/mosquitto_pub"].first {
    !FileManager.default.isExecutableFile(atPath: $0)
  }

  let port: Int
  private let folder: String
  private let config: String
  private var running: Programs.Running?

  /// - Parameters:
  ///   - folder: a folder for its files.
  ///   - password: if set, only the user `adl` with this password may log in.
  /// - Throws: the reason why it does not run.
  init(folder: String, password: String? = nil) throws {
    self.folder = folder
    port = try Self.freePort()
    config = "\(folder)/mosquitto.conf"
    var lines = ["listener \(port) 127.0.0.1", "persistence false", "user \(NSUserName())"]
    if let password {
      let process = try Process.run(
        URL(fileURLWithPath: "/usr/bin/mosquitto_passwd"),
        arguments: ["-c", "-b", "\(folder)/passwords", "adl", password])
      process.waitUntilExit()
      lines += ["allow_anonymous false", "password_file \(folder)/passwords"]
    } else {
      lines.append("allow_anonymous true")
    }
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: config))
    try start()
  }

  deinit { stop() }

  func start() throws {
    running = try Programs.Running("/usr/sbin/mosquitto", ["-c", config], folder: folder)
  }

  func stop() {
    // It inherits the signals that the test's thread blocks, including SIGTERM.
    running?.kill()
    _ = running?.finish()
    running = nil
  }

  /// Publishes a message as another client.
  func publish(_ topic: String, _ payload: String, isRetained: Bool = false) throws {
    let arguments = ["-h", "127.0.0.1", "-p", "\(port)", "-t", topic, "-m", payload] + (isRetained ? ["-r"] : [])
    // The broker may still be starting.
    while true {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/mosquitto_pub")
      process.arguments = arguments
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      if process.terminationStatus == 0 { return }
    }
  }

  /// Subscribes; retained messages come first.
  func listen(_ topics: String..., login: [String] = []) throws -> Listener {
    try Listener(["-h", "127.0.0.1", "-p", "\(port)"] + login + topics.flatMap { ["-t", $0] })
  }

  private static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = unsafe inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let outcome = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
      }
    }
    try #require(outcome)
    return Int(UInt16(bigEndian: address.sin_port))
  }
}

/// A subscriber that reads line by line.
final class Listener {
  private let arguments: [String]
  private var process = Process()
  private var pipe = Pipe()
  private var text = ""

  init(_ arguments: [String]) throws {
    self.arguments = arguments
    try start()
  }

  deinit {
    // It inherits the signals that the test's thread blocks, including SIGTERM.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  private func start() throws {
    (process, pipe, text) = (Process(), Pipe(), "")
    process.executableURL = URL(fileURLWithPath: "/usr/bin/mosquitto_sub")
    process.arguments = ["-v"] + arguments
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  /// The next line; a broker that is being replaced is waited for.
  func next() throws -> String {
    while true {
      if let end = text.firstIndex(of: "\n") {
        defer { text = String(text[text.index(after: end)...]) }
        return String(text[..<end])
      }
      let data = pipe.fileHandleForReading.availableData
      if data.isEmpty {
        process.waitUntilExit()
        try start()
      } else {
        text += String(decoding: data, as: UTF8.self)
      }
    }
  }

  /// Reads until a line contains this text, and returns it; the test's time limit applies.
  @discardableResult
  func wait(for part: String) throws -> String {
    while true {
      let line = try next()
      if line.contains(part) { return line }
    }
  }
}
