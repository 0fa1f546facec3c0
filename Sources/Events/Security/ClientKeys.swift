import Basics
import Foundation
import Glibc

/// The clients that may connect remotely: a folder of files NAME.public.
package struct ClientKeys: Equatable, Sendable {
  package static let suffix = ".public"

  /// Names by key.
  package private(set) var names: [PublicKey: String] = [:]
  /// Files without a valid key, with the reason; they admit nobody.
  package private(set) var faults: [String] = []

  package init() {}

  /// An empty list, for this reason.
  init(fault: String) { faults = [fault] }

  /// Reads a folder.
  ///
  /// - Parameters:
  ///   - folder: the folder's path.
  ///   - setting: the setting that names it, for messages.
  /// - Throws: `EventError.badKey` if the folder cannot be read.
  package init(folder: String, setting: String) throws(EventError) {
    for (name, path) in try Self.files(folder, setting) {
      do {
        names[try KeyFile.publicKey(path: path, setting: setting)] = name
      } catch {
        faults.append("\(error)")
      }
    }
  }

  /// Clients and their keys, sorted by name.
  package var sorted: [(name: String, key: PublicKey)] {
    names.map { (name: $0.value, key: $0.key) }.sorted { $0.name < $1.name }
  }

  private static func files(_ folder: String, _ setting: String) throws(EventError) -> [(name: String, path: String)] {
    guard let entries = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      // Foundation's messages are meant for programmers; the kernel's give the reason.
      let listing = unsafe opendir(folder)
      let reason = unsafe listing == nil ? reasonText(errno) : "it cannot be listed"
      if let listing = unsafe listing { unsafe closedir(listing) }
      throw .badKey(path: folder, setting: setting, reason: reason)
    }
    return entries.filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") }.sorted().map {
      (name: String($0.dropLast(suffix.count)), path: folder + "/" + $0)
    }
  }

  /// Adds a client.
  ///
  /// - Parameters:
  ///   - name: letters a to z, digits, _ and -.
  ///   - key: the client's public key.
  ///   - folder: created if it does not exist.
  /// - Throws: `EventError.badKey` if the name is taken or a file cannot be written.
  package static func add(_ name: String, _ key: PublicKey, to folder: String) throws(EventError) {
    try check(name, folder)
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw .badKey(path: folder, setting: "--clients", reason: "it cannot be created: \(reasonText(errno))")
    }
    let known = try ClientKeys(folder: folder, setting: "--clients")
    if let other = known.names[key] {
      throw .badKey(path: folder, setting: nil, reason: "\(other) has this key already")
    }
    try KeyFile.create("\(folder)/\(name)\(suffix)", "# Added \(Date.now.ISO8601Format())\n\(key.text)\n", mode: 0o644)
  }

  /// Removes a client.
  ///
  /// - Throws: `EventError.badKey` if there is no such client.
  package static func revoke(_ name: String, in folder: String) throws(EventError) {
    try check(name, folder)
    let path = "\(folder)/\(name)\(suffix)"
    guard unsafe unlink(path) == 0 else {
      throw .badKey(
        path: path, setting: nil,
        reason: errno == ENOENT ? "there is no client \(name)" : reasonText(errno))
    }
  }

  private static func check(_ name: String, _ folder: String) throws(EventError) {
    guard isIdentifier(name) else {
      throw .badKey(
        path: folder, setting: nil, reason: "'\(name)' is not a valid name; use 1 to 64 of a-z, 0-9, _ and -")
    }
  }
}
