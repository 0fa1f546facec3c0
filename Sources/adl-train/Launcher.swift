import ArgumentParser
import Basics
import Foundation
import Glibc
import Synchronization

/// Starts the same command once per rank on this machine, and stops all if one fails.
struct Launcher {
  let processes: Int
  /// Cores per process; 0 divides them among the processes.
  let threads: Int

  /// How long ranks may take to stop before they are killed.
  private static let grace = Duration.seconds(10)

  /// - Throws: `ExitCode` of the first rank that failed, after the others have stopped.
  func run() throws {
    let port = try freePort()
    let ended = Mutex<[(rank: Int, status: Int32, signal: Bool)]>([])
    let change = MonotonicSemaphore()
    let ranks = try (0..<processes).map { rank in
      // On a thread without a run loop, `waitUntilExit` would spin and take a core from the ranks.
      try start(rank, port: port) { process in
        ended.withLock { $0.append((rank, process.terminationStatus, process.terminationReason == .uncaughtSignal)) }
        change.signal()
      }
    }
    let interruption = Interruption()
    var isInterrupted = false
    var failure: (rank: Int, status: Int32, signal: Bool)?
    var deadline: ContinuousClock.Instant?
    while ended.withLock(\.count) < processes {
      _ = change.wait(atMost: .milliseconds(200))
      if interruption.isAsked, !isInterrupted {
        isInterrupted = true
        for process in ranks where process.isRunning { process.terminate() }
      }
      if failure == nil, let bad = ended.withLock({ $0.first { $0.status != 0 } }) {
        failure = bad
        if !isInterrupted {
          complain(
            "rank \(bad.rank) ended \(bad.signal ? "by signal" : "with status") \(bad.status); stopping the others")
        }
        deadline = .now + Self.grace
      }
      if let deadline, .now > deadline {
        for process in ranks where process.isRunning { kill(process.processIdentifier, SIGKILL) }
      }
    }
    guard let failure else { return }
    if !failure.signal, failure.status == 75 { throw ExitCode(75) }
    complain("run the same command again: it continues from the last checkpoint")
    throw ExitCode(failure.signal ? 75 : failure.status)
  }

  private func start(_ rank: Int, port: Int, whenEnded: @escaping @Sendable (Process) -> Void) throws -> Process {
    let process = Process()
    process.terminationHandler = whenEnded
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = Array(CommandLine.arguments.dropFirst()) + (threads > 0 ? [] : ["--threads", "\(share)"])
    var environment = ProcessInfo.processInfo.environment
    environment["RANK"] = "\(rank)"
    environment["LOCAL_RANK"] = "\(rank)"
    environment["WORLD_SIZE"] = "\(processes)"
    environment["MASTER_ADDR"] = "127.0.0.1"
    environment["MASTER_PORT"] = "\(port)"
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    try process.run()
    return process
  }

  private var share: Int { max(1, MachineLimits.current.threads / processes) }

  /// A TCP port that is currently unused.
  private func freePort() throws -> Int {
    let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard handle >= 0 else { throw failure("cannot open a socket to find a port for the ranks", 70) }
    defer { close(handle) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { socketAddress in
        unsafe bind(handle, socketAddress, length) == 0 && getsockname(handle, socketAddress, &length) == 0
      }
    }
    guard isBound else { throw failure("there is no free port for the ranks", 70) }
    return Int(UInt16(bigEndian: address.sin_port))
  }
}
