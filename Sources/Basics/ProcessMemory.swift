import Foundation

/// The most memory this process ever held.
package enum ProcessMemory {
  /// VmHWM of /proc/self/status in bytes; 0 where the kernel does not say.
  package static var peakBytes: Int {
    guard let status = FileManager.default.contents(atPath: "/proc/self/status") else { return 0 }
    let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    return (kibibytes ?? 0) << 10
  }
}
