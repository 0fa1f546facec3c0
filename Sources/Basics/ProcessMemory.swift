import Foundation

/// Memory of this process and of the machine.
package enum ProcessMemory {
  /// VmHWM of /proc/self/status in bytes; 0 where the kernel does not say.
  package static var peakBytes: Int { entry("VmHWM:", of: "/proc/self/status") }

  /// Bytes this process can use without swapping or being killed: MemAvailable of /proc/meminfo, or less if its control
  /// groups leave less.
  package static var availableBytes: Int {
    min(entry("MemAvailable:", of: "/proc/meminfo"), MachineLimits.current.freeMemory ?? .max)
  }

  private static func entry(_ name: String, of file: String) -> Int {
    guard let text = FileManager.default.contents(atPath: file) else { return 0 }
    let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(name) }
    let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    return (kibibytes ?? 0) << 10
  }
}
