import Foundation
import TestSupport
import Testing

@testable import Events

/// A folder that is deleted with the test.
struct KeyFolder: ~Copyable {
  private let files: TemporaryFolder

  init() throws { files = try TemporaryFolder() }

  var path: String { files.path }

  /// Creates a pair of keys.
  func generate(_ name: String) throws -> (secret: SecretKey, known: PublicKey) {
    let secret = try #require(SecretKey.generate())
    return (secret, try KeyFile.write(secret, to: "\(path)/\(name)", name: name))
  }
}

@Suite struct `Keys` {
  @Test func `keys are written for their owner only, and read back`() throws {
    let folder = try KeyFolder()
    let (secret, known) = try folder.generate("curve")
    #expect(try KeyFile.secret(path: folder.path + "/curve.secret", setting: "s").publicKey == known)
    #expect(try KeyFile.publicKey(path: folder.path + "/curve.public", setting: "s") == known)
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/curve.secret")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(throws: EventError.self, "an existing key is not overwritten") { try folder.generate("curve") }
    #expect("\(secret) \(String(reflecting: secret))" == "a secret key a secret key")
  }

  @Test func `keys readable by everyone, and invalid ones, are refused with advice`() throws {
    let folder = try KeyFolder()
    _ = try folder.generate("curve")
    _ = unsafe chmod(folder.path + "/curve.secret", 0o644)
    let open = #expect(throws: EventError.self) {
      try KeyFile.secret(path: folder.path + "/curve.secret", setting: "events.remote.secretKey")
    }
    #expect(
      open?.description.hasSuffix("everyone on this machine can read it; use chmod o-rwx (events.remote.secretKey)")
        == true)
    try Data("# nothing\nhello\n".utf8).write(to: URL(fileURLWithPath: folder.path + "/none.public"))
    let none = #expect(throws: EventError.self) {
      try KeyFile.publicKey(path: folder.path + "/none.public", setting: "k")
    }
    #expect(none?.description.contains("it contains no key of 40 characters; `adl keys generate` makes one") == true)
    let missing = #expect(throws: EventError.self) { try KeyFile.publicKey(path: folder.path + "/no", setting: "k") }
    #expect(missing?.description == "\(folder.path)/no: No such file or directory (k)")
  }

  @Test(.timeLimit(.minutes(1))) func `keys are read from files only, and a secret one never as a public one`() throws {
    let folder = try KeyFolder()
    _ = try folder.generate("laptop")
    let secret = #expect(throws: EventError.self) {
      try KeyFile.publicKey(path: folder.path + "/laptop.secret", setting: "the key")
    }
    #expect(secret?.description.hasSuffix("it contains a secret key, which only its owner may have (the key)") == true)
    // Reading it would block forever.
    try #require(unsafe mkfifo(folder.path + "/pipe.public", 0o644) == 0)
    #expect(
      throws: EventError.badKey(path: folder.path + "/pipe.public", setting: "k", reason: "it is not a regular file")
    ) {
      try KeyFile.publicKey(path: folder.path + "/pipe.public", setting: "k")
    }
    #expect(throws: EventError.badKey(path: folder.path + "/no", setting: "k", reason: "No such file or directory")) {
      try ClientKeys(folder: folder.path + "/no", setting: "k")
    }
    #expect(try ClientKeys(folder: folder.path, setting: "k").names.count == 1)
  }

  @Test func `keys admit clients by name, until they are revoked`() throws {
    let folder = try KeyFolder()
    let (phone, tablet) = (try folder.generate("phone").known, try folder.generate("tablet").known)
    let clients = folder.path + "/clients"
    try ClientKeys.add("phone", phone, to: clients)
    try ClientKeys.add("tablet", tablet, to: clients)
    #expect(try ClientKeys(folder: clients, setting: "c").sorted.map(\.name) == ["phone", "tablet"])
    #expect(throws: EventError.self, "a name cannot be added twice") { try ClientKeys.add("phone", phone, to: clients) }
    #expect(throws: EventError.self, "a key cannot be added twice") { try ClientKeys.add("other", phone, to: clients) }
    for name in ["", "..", "a/b", "A", String(repeating: "a", count: 65)] {
      #expect(throws: EventError.self) { try ClientKeys.add(name, phone, to: clients) }
      #expect(throws: EventError.self) { try ClientKeys.revoke(name, in: clients) }
    }
    try ClientKeys.revoke("phone", in: clients)
    #expect(throws: EventError.self, "a revoked name cannot be revoked again") {
      try ClientKeys.revoke("phone", in: clients)
    }
    try Data("nonsense".utf8).write(to: URL(fileURLWithPath: clients + "/bad.public"))
    let read = try ClientKeys(folder: clients, setting: "c")
    #expect(read.names == [tablet: "tablet"] && read.faults.count == 1)
  }
}
