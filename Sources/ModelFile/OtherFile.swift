import Foundation

/// Guesses from the first bytes what a file is if it is not a checkpoint, and what to do about it.
enum OtherFile {
  private static let kinds: [(beginning: [UInt8], reason: String)] = [
    (
      [0x89] + Array("HDF\r\n".utf8) + [0x1a, 0x0a],
      "it is an HDF5 file, as Keras writes them; convert it to PyTorch first"
    ),
    (
      Array("version https://git-lfs".utf8), "it is only a Git LFS pointer to the weights; fetch them with git lfs pull"
    ),
    ([0x1f, 0x8b], "it is compressed with gzip; unpack it first: gunzip"),
    ([0xfd] + Array("7zXZ".utf8), "it is compressed with xz; unpack it first: unxz"),
    (Array("BZh".utf8), "it is compressed with bzip2; unpack it first: bunzip2"),
    ([0x93] + Array("NUMPY".utf8), "it is a single NumPy array"),
  ]

  static func reason(_ bytes: Data) -> String {
    guard !bytes.isEmpty else { return "it is empty" }
    if let kind = kinds.first(where: { bytes.starts(with: $0.beginning) }) { return kind.reason }
    let text = String(decoding: bytes.prefix(512), as: UTF8.self).drop(while: \.isWhitespace).lowercased()
    if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") {
      return "it is a web page, which some servers send instead of a large file; download the file itself"
    }
    if bytes.part(257, 5).map({ $0.elementsEqual("ustar".utf8) }) == true {
      return "it is a tar archive; unpack it first: tar xf"
    }
    return
      "it is not a PyTorch checkpoint (zip or older format), a safetensors file or a pickle of NumPy arrays"
  }
}
