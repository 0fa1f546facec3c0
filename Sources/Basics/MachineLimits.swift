import Foundation

/// What this process may use of the machine, as CPU affinity and control groups allow.
///
/// Containers and systemd units (`CPUQuota=`, `MemoryMax=`, `CPUAffinity=`) give a process less than the whole machine.
/// Starting more threads than that makes them wait for each other: with half a CPU, two threads take a third longer
/// than one.
package struct MachineLimits: Equatable, Sendable {
  /// Cores the scheduler may run this process on.
  package var allowedCores: Int
  /// CPU seconds per second granted by the control groups; `nil` for no limit.
  package var cpuQuota: Double?
  /// Bytes the control groups leave this process; `nil` for no limit.
  package var freeMemory: Int?

  /// Threads that can compute at the same time, at least 1.
  ///
  /// Above one core, a fraction counts as a whole core.
  package var threads: Int {
    guard let cpuQuota else { return max(1, allowedCores) }
    return max(1, min(allowedCores, Int(cpuQuota.rounded(.up))))
  }

  /// For logs: what is restricted; `nil` if nothing is.
  package var summary: String? {
    guard let cpuQuota else {
      let cores = ProcessInfo.processInfo.activeProcessorCount
      return allowedCores < cores ? "affinity to \(allowedCores) of \(cores) cores" : nil
    }
    let quota = cpuQuota.formatted(.number.precision(.fractionLength(0...2)).locale(Locale(identifier: "en_US_POSIX")))
    return "a CPU quota of \(quota) cores: \(threads) \(threads == 1 ? "thread" : "threads")"
  }

  /// The limits of this process, read each time.
  package static var current: MachineLimits {
    MachineLimits(allowedCores: ProcessInfo.processInfo.activeProcessorCount) { path in
      FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
  }

  /// - Parameters:
  ///   - allowedCores: cores available to the process.
  ///   - read: returns a file's text; `nil` if there is no such file.
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

  /// The number of cores in a status file's list, such as `0-3,8`.
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
    // cgroup v1 says "no limit" with the largest number of pages.
    guard let limit = Self.number(limit), limit > 0, limit < 0x1p60 else { return }
    // The page cache counts as used, though the kernel drops it when memory is needed.
    let lines = (statistics ?? "").split(separator: "\n").map { $0.split(separator: " ") }
    let idle = lines.first { $0.first == "total_inactive_file" } ?? lines.first { $0.first == "inactive_file" }
    let reclaimable = idle?.last.flatMap { Double($0) } ?? 0
    freeMemory = min(freeMemory ?? .max, max(0, Int(limit - (Self.number(used) ?? 0) + reclaimable)))
  }

  private static func number(_ text: String?) -> Double? {
    text.flatMap { Double($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  /// The group and its ancestors, in both places where the hierarchy may be mounted.
  ///
  /// A container often sees its own group as the root of the mount while its path still names the host's group, so the
  /// root is always included; folders that do not exist are skipped.
  private static func folders(_ root: String, _ other: String, _ path: Substring) -> [String] {
    let parts = path.split(separator: "/").filter { $0 != ".." }
    let paths = (0...parts.count).map { parts.prefix($0).map { "/" + $0 }.joined() }
    return Set([root, other]).sorted().flatMap { root in paths.map { root + $0 } }
  }
}
