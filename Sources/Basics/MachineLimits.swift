import Foundation

/// What this process may take of its machine, as affinity and control groups allow.
///
/// Containers and systemd units (`CPUQuota=`, `MemoryMax=`, `CPUAffinity=`) leave a process less than the machine has. More
/// threads than that wait for each other: with half a CPU, two threads need a third longer than one.
package struct MachineLimits: Equatable, Sendable {
  /// Cores that the scheduler may use for this process.
  package var allowedCores: Int
  /// CPU seconds a second that the control groups grant; `nil` where they set no limit.
  package var cpuQuota: Double?
  /// Bytes that the control groups leave to this process; `nil` where they set no limit.
  package var freeMemory: Int?

  /// Threads that can compute at the same time, at least 1.
  ///
  /// Above the first core, a share of one counts as a whole one.
  package var threads: Int {
    guard let cpuQuota else { return max(1, allowedCores) }
    return max(1, min(allowedCores, Int(cpuQuota.rounded(.up))))
  }

  /// What is less than the machine has, for logs; `nil` where nothing is.
  package var summary: String? {
    guard let cpuQuota else {
      let cores = ProcessInfo.processInfo.activeProcessorCount
      return allowedCores < cores ? "affinity to \(allowedCores) of \(cores) cores" : nil
    }
    let quota = cpuQuota.formatted(.number.precision(.fractionLength(0...2)).locale(Locale(identifier: "en_US_POSIX")))
    return "a CPU quota of \(quota) cores: \(threads) \(threads == 1 ? "thread" : "threads")"
  }

  /// Of this process, read anew.
  package static var current: MachineLimits {
    MachineLimits(allowedCores: ProcessInfo.processInfo.activeProcessorCount) { path in
      FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
  }

  /// - Parameters:
  ///   - allowedCores: cores that there are.
  ///   - read: a file's text; `nil` where there is none.
  package init(allowedCores: Int, reading read: (String) -> String?) {
    self.allowedCores = min(allowedCores, Self.affinity(read("/proc/self/status")) ?? allowedCores)
    for line in (read("/proc/self/cgroup") ?? "").split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let controllers = fields[1].split(separator: ",")
      if controllers.isEmpty {
        for folder in Self.folders("/sys/fs/cgroup", "/sys/fs/cgroup/unified", fields[2]) {
          take(unified: folder, read)
        }
      }
      if controllers.contains("cpu") {
        for folder in Self.folders("/sys/fs/cgroup/\(fields[1])", "/sys/fs/cgroup/cpu", fields[2]) {
          guard let quota = Self.number(read("\(folder)/cpu.cfs_quota_us")), quota > 0,
            let period = Self.number(read("\(folder)/cpu.cfs_period_us")), period > 0
          else { continue }
          take(quota: quota / period)
        }
      }
      if controllers.contains("memory") {
        for folder in Self.folders("/sys/fs/cgroup/\(fields[1])", "/sys/fs/cgroup/memory", fields[2]) {
          take(
            limit: read("\(folder)/memory.limit_in_bytes"), used: read("\(folder)/memory.usage_in_bytes"),
            statistics: read("\(folder)/memory.stat"))
        }
      }
    }
  }

  /// Cores in a status file's list, as `0-3,8`.
  private static func affinity(_ status: String?) -> Int? {
    let name = "Cpus_allowed_list:"
    guard let line = status?.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
    let list = line.dropFirst(name.count).trimmingCharacters(in: .whitespaces)
    let counts = list.split(separator: ",").map { range -> Int in
      let ends = range.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last, last < 1 << 20 else { return 0 }
      return last - first + 1
    }
    let cores = counts.reduce(0, +)
    return cores > 0 ? cores : nil
  }

  private mutating func take(unified folder: String, _ read: (String) -> String?) {
    let words = (read("\(folder)/cpu.max") ?? "").split(whereSeparator: \.isWhitespace)
    if words.count == 2, let quota = Double(words[0]), let period = Double(words[1]), quota > 0, period > 0 {
      take(quota: quota / period)
    }
    for limit in ["memory.max", "memory.high"] {
      take(
        limit: read("\(folder)/\(limit)"), used: read("\(folder)/memory.current"),
        statistics: read("\(folder)/memory.stat"))
    }
  }

  private mutating func take(quota: Double) { cpuQuota = min(cpuQuota ?? .infinity, quota) }

  private mutating func take(limit: String?, used: String?, statistics: String?) {
    // Version 1 says "no limit" with the largest number of pages.
    guard let limit = Self.number(limit), limit > 0, limit < 0x1p60 else { return }
    // Files that were read and are not in use count as used, though the kernel drops them when memory is wanted.
    let lines = (statistics ?? "").split(separator: "\n").map { $0.split(separator: " ") }
    let idle = lines.first { $0.first == "total_inactive_file" } ?? lines.first { $0.first == "inactive_file" }
    let reclaimable = idle?.last.flatMap { Double($0) } ?? 0
    freeMemory = min(freeMemory ?? .max, max(0, Int(limit - (Self.number(used) ?? 0) + reclaimable)))
  }

  private static func number(_ text: String?) -> Double? {
    text.flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  /// A group and those above it, in either place where the hierarchy may be mounted.
  ///
  /// A container often sees its own group as the root of the mount while its path still names the host's; the root is among
  /// the folders then, and folders that are not there say nothing.
  private static func folders(_ root: String, _ other: String, _ path: Substring) -> [String] {
    let parts = path.split(separator: "/").filter { $0 != ".." }
    let paths = (0...parts.count).map { parts.prefix($0).map { "/" + $0 }.joined() }
    return Set([root, other]).sorted().flatMap { root in paths.map { root + $0 } }
  }
}
