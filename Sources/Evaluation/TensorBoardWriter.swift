import Basics
import Foundation
import Glibc
import ModelFile

/// Scalars for TensorBoard: an event file in a run's folder.
///
/// Every event is written immediately, so TensorBoard follows a running training and a killed one loses nothing. The
/// file is closed when the value is destroyed.
///
/// - Source: TensorFlow's `core/lib/io/record_writer.cc` for the framing, `core/util/event.proto` and
///   `core/framework/summary.proto` for the messages.
package struct TensorBoardWriter: ~Copyable {
  private let file: AppendedFile
  /// The file's path.
  package let path: String

  /// Creates a file `events.out.tfevents.<seconds>.<host>.adl` in a folder; creates the folder if needed.
  ///
  /// - Parameters:
  ///   - directory: the run's folder; TensorBoard merges all its event files.
  ///   - step: the first step this run will write, if it resumes from a checkpoint: TensorBoard then hides what earlier
  ///     files contain at or after it.
  ///   - wallTime: now, in seconds since 1970.
  /// - Throws: `EvaluationError.cannotWrite`.
  package init(
    directory: String, resumingBefore step: Int? = nil, wallTime: Double = Date().timeIntervalSince1970
  ) throws(EvaluationError) {
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(path: directory, reason: reasonText(error))
    }
    let base = "\(directory)/events.out.tfevents.\(Int(wallTime)).\(Self.hostName()).adl"
    var path = base
    // Two runs may start in the same second.
    for number in 1..<1000 where FileManager.default.fileExists(atPath: path) { path = "\(base).\(number)" }
    let file = try AppendedFile(path, isNew: true)

    var version = ProtobufMessage()
    version.add(Field.wallTime, wallTime)
    version.add(Field.fileVersion, "brain.Event:2")
    try file.append(Self.record(version.bytes))
    if let step {
      var session = ProtobufMessage()
      session.add(1, 1)  // status: START
      var event = ProtobufMessage()
      event.add(Field.wallTime, wallTime)
      event.add(Field.step, step)
      event.add(Field.sessionLog, session)
      try file.append(Self.record(event.bytes))
    }
    self.file = file
    self.path = path
  }

  /// Adds one point of a curve.
  ///
  /// - Parameters:
  ///   - tag: the curve's name; TensorBoard groups curves by the part before a "/".
  ///   - value: stored as float32.
  ///   - step: the position on the horizontal axis.
  ///   - wallTime: now, in seconds since 1970.
  /// - Throws: `EvaluationError.cannotWrite`.
  package func scalar(
    _ tag: String, _ value: Double, step: Int, wallTime: Double = Date().timeIntervalSince1970
  ) throws(EvaluationError) {
    var one = ProtobufMessage()
    one.add(1, tag)
    one.add(2, Float(value))
    var summary = ProtobufMessage()
    summary.add(1, one)
    var event = ProtobufMessage()
    event.add(Field.wallTime, wallTime)
    event.add(Field.step, step)
    event.add(Field.summary, summary)
    try file.append(Self.record(event.bytes))
  }

  /// Returns when all events are on disk, as required before a checkpoint.
  ///
  /// - Throws: `EvaluationError.cannotWrite`.
  package func flush() throws(EvaluationError) { try file.synchronize() }

  /// Field numbers of an event.
  private enum Field {
    static let wallTime = 1
    static let step = 2
    static let fileVersion = 3
    static let summary = 5
    static let sessionLog = 7
  }

  /// Length, its checksum, the bytes, their checksum; little-endian.
  static func record(_ bytes: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(bytes.count))
    return length + littleEndian(CRC32C.masked(length)) + bytes + littleEndian(CRC32C.masked(bytes))
  }

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private static func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    // The last byte stays zero even if the name was truncated.
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The Castagnoli checksum, masked as in record files.
///
/// - Source: RFC 3720, appendix B.4; TensorFlow's `core/lib/hash/crc32c.h` for the mask.
enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
  }

  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
  }

  /// Rotated and offset, so that data containing checksums has no special checksum.
  static func masked(_ bytes: [UInt8]) -> UInt32 {
    let value = checksum(bytes)
    return (value >> 15 | value << 17) &+ 0xa282_ead8
  }
}
