import Basics
import CZeroMQ
import Glibc

/// A public CURVE key, written as 40 characters of Z85.
///
/// - Source: ZeroMQ RFC 32 (Z85) and 25 (CURVE).
package struct PublicKey: Hashable, Sendable, CustomStringConvertible {
  package let text: String
  /// 32 bytes.
  let bytes: [UInt8]

  /// `nil` if the text is not a key.
  package init?(_ text: String) {
    guard let bytes = Z85.bytes(text) else { return nil }
    (self.text, self.bytes) = (text, bytes)
  }

  package var description: String { text }
}

/// A secret CURVE key: it is never printed, and its description does not reveal it.
package struct SecretKey: Sendable {
  let text: String

  /// `nil` if the text is not a key.
  package init?(_ text: String) {
    guard Z85.bytes(text) != nil else { return nil }
    self.text = text
  }

  /// The corresponding public key.
  package var publicKey: PublicKey? {
    var buffer = [CChar](repeating: 0, count: Z85.length + 1)
    guard unsafe zmq_curve_public(&buffer, text) == 0 else { return nil }
    return PublicKey(Z85.text(buffer))
  }

  /// A new key pair; `nil` if libzmq was built without CURVE.
  package static func generate() -> SecretKey? {
    var (known, secret) = ([CChar](repeating: 0, count: Z85.length + 1), [CChar](repeating: 0, count: Z85.length + 1))
    guard unsafe zmq_curve_keypair(&known, &secret) == 0 else { return nil }
    return SecretKey(Z85.text(secret))
  }
}

extension SecretKey: CustomStringConvertible, CustomReflectable {
  package var description: String { "a secret key" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Text encoding of a 32-byte key.
private enum Z85 {
  static let length = 40

  static func bytes(_ text: String) -> [UInt8]? {
    guard text.utf8.count == length else { return nil }
    var bytes = [UInt8](repeating: 0, count: 32)
    return unsafe zmq_z85_decode(&bytes, text) == nil ? nil : bytes
  }

  static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// Key files: one key each, and lines that start with #.
package enum KeyFile {
  private static let secretRemark = "# The secret key"
  /// Enough for a key and some comments.
  private static let largest = 4096

  /// - Parameters:
  ///   - path: the file to read.
  ///   - setting: the setting that names it, for messages.
  /// - Returns: the key.
  /// - Throws: `EventError.badKey` if it cannot be read, contains no key, or is readable by everyone.
  package static func secret(path: String, setting: String) throws(EventError) -> SecretKey {
    var status = stat()
    if unsafe stat(path, &status) == 0, status.st_mode & 0o007 != 0 {
      throw .badKey(path: path, setting: setting, reason: "everyone on this machine can read it; use chmod o-rwx")
    }
    guard let key = SecretKey(try line(path, setting)) else { throw noKey(path, setting) }
    return key
  }

  /// - Parameters:
  ///   - path: the file to read.
  ///   - setting: the setting that names it, for messages.
  /// - Returns: the key.
  /// - Throws: `EventError.badKey` if it cannot be read or contains no key.
  package static func publicKey(path: String, setting: String) throws(EventError) -> PublicKey {
    if text(try bytes(path, setting)).first?.hasPrefix(secretRemark) == true {
      throw .badKey(path: path, setting: setting, reason: "it contains a secret key, which only its owner may have")
    }
    guard let key = PublicKey(try line(path, setting)) else { throw noKey(path, setting) }
    return key
  }

  private static func noKey(_ path: String, _ setting: String) -> EventError {
    .badKey(path: path, setting: setting, reason: "it contains no key of 40 characters; `adl keys generate` makes one")
  }

  private static func line(_ path: String, _ setting: String) throws(EventError) -> String {
    text(try bytes(path, setting)).first { !$0.hasPrefix("#") }.map(String.init) ?? ""
  }

  private static func text(_ bytes: [UInt8]) -> [Substring] {
    String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
  }

  /// Reading a pipe or a device might block forever, so only regular files are read.
  private static func bytes(_ path: String, _ setting: String) throws(EventError) -> [UInt8] {
    func bad(_ reason: String) -> EventError { .badKey(path: path, setting: setting, reason: reason) }
    let file = try RegularFile(path, failure: bad)
    var bytes = [UInt8](repeating: 0, count: largest)
    let count = unsafe read(file.descriptor, &bytes, largest)
    guard count >= 0 else { throw bad(reasonText(errno)) }
    return Array(bytes.prefix(count))
  }

  /// Writes a key pair as PATH.secret, readable only by its owner, and PATH.public.
  ///
  /// - Throws: `EventError.badKey` if a file cannot be written or already exists: replacing it would lock out whoever
  ///   uses the old key.
  package static func write(_ key: SecretKey, to path: String, name: String) throws(EventError) -> PublicKey {
    guard let known = key.publicKey else { throw .library(call: "zmq_curve_public", reason: lastReason()) }
    try create(path + ".secret", "\(secretRemark) of \(name): nobody else may have it.\n\(key.text)\n", mode: 0o600)
    try create(path + ".public", "# The public key of \(name).\n\(known.text)\n", mode: 0o644)
    return known
  }

  static func create(_ path: String, _ text: String, mode: mode_t) throws(EventError) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else {
      let reason = errno == EEXIST ? "it exists already; choose another name" : reasonText(errno)
      throw .badKey(path: path, setting: nil, reason: reason)
    }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
      let reason = reasonText(errno)
      unsafe unlink(path)
      throw .badKey(path: path, setting: nil, reason: reason)
    }
  }
}
