import Basics
import Foundation

/// Every video and skeleton file below two folders, indexed by the recording's name.
struct MediaIndex {
  private static let videoEndings: Set = ["avi", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "webm", "wmv"]
  private static let pictureEndings: Set = ["jpg", "jpeg", "png"]
  /// Suffixes that data sets add to a recording's name.
  private static let suffixes = ["_rgb", "_pose3d"]

  private(set) var videos: [String: String] = [:]
  private(set) var skeletons: [String: String] = [:]

  private let naming: (URL) -> String?
  /// Folders already visited, so that a link cycle is not followed twice.
  private var walked: Set<String> = []

  /// - Parameters:
  ///   - videos: folder of the videos.
  ///   - skeletons: folder of the skeletons, if it is a different one.
  ///   - naming: returns a recording's name for the path of its file or picture folder if the file name is not the
  ///     name.
  /// - Throws: `DatasetError` if a folder does not exist.
  init(videos: String, skeletons: String?, naming: @escaping (URL) -> String? = { _ in nil })
    throws(DatasetError)
  {
    self.naming = naming
    try add(videos, setting: "data.videos")
    if let skeletons { try add(skeletons, setting: "data.skeletons") }
  }

  private mutating func add(_ folder: String, setting: String) throws(DatasetError) {
    guard !folder.isEmpty else {
      throw .refused(setting: setting, value: "", allowed: "the folder of the recordings")
    }
    guard fileKind(folder) == .typeDirectory else {
      throw .missing(path: folder, purpose: "\(setting) is the folder of the recordings")
    }
    try walk(URL(fileURLWithPath: folder).resolvingSymlinksInPath())
  }

  private mutating func walk(_ root: URL) throws(DatasetError) {
    guard walked.insert(root.path).inserted else { return }
    guard let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil) else {
      throw .unreadable(path: root.path, reason: "the folder cannot be listed")
    }
    for case let url as URL in walk {
      // Such as the `._NAME` that macOS leaves next to NAME.
      guard !url.lastPathComponent.hasPrefix(".") else { continue }
      var status = stat()
      guard unsafe lstat(url.path, &status) == 0 else { continue }
      if status.st_mode & S_IFMT == S_IFLNK, fileKind(url.path) == .typeDirectory {
        try self.walk(url.resolvingSymlinksInPath())
        continue
      }
      if status.st_mode & S_IFMT == S_IFDIR, unsafe access(url.path, R_OK | X_OK) != 0 {
        throw .unreadable(path: url.path, reason: reasonText(errno))
      }
      let ending = url.pathExtension.lowercased()
      let folder = url.deletingLastPathComponent()
      let name = naming(url.deletingPathExtension()) ?? Self.recording(url.deletingPathExtension().lastPathComponent)
      if Self.videoEndings.contains(ending) {
        Self.add(url.path, name, to: &videos)
      } else if Self.pictureEndings.contains(ending) {
        // A folder of pictures is a video with the folder's name.
        Self.add(folder.path, naming(folder) ?? folder.lastPathComponent, to: &videos)
      } else if FrameFolder.isSkeleton(url.lastPathComponent) {
        Self.add(folder.path, naming(folder) ?? folder.lastPathComponent, to: &skeletons)
      } else if url.lastPathComponent == FrameFolder.list {
        continue
      } else if ending == "skeleton" || ending == "json" {
        Self.add(url.path, name, to: &skeletons)
      } else if ending == "txt", name.hasSuffix("_skeletons") || url.path.contains("skeleton") {
        Self.add(url.path, Self.recording(String(name.replacing("_skeletons", with: ""))), to: &skeletons)
      }
    }
  }

  /// Among copies, the first by path wins, whatever order the disk lists them in.
  private static func add(_ path: String, _ name: String, to index: inout [String: String]) {
    if let other = index[name], other <= path { return }
    index[name] = path
  }

  private static func recording(_ stem: String) -> String {
    for suffix in suffixes where stem.hasSuffix(suffix) { return String(stem.dropLast(suffix.count)) }
    return stem
  }
}

/// The type of file at a path, following links; `nil` if there is none or it is inaccessible.
func fileKind(_ path: String) -> FileAttributeType? {
  let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
  // The reason makes no difference to callers.
  return (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
}

/// Parses a name of alternating letters and numbers, such as `S001C002P003R002A013`.
struct NameReader {
  private var rest: Substring

  init(_ name: String) { rest = name[...] }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func skip(_ prefix: String) -> Bool {
    guard rest.hasPrefix(prefix) else { return false }
    rest = rest.dropFirst(prefix.count)
    return true
  }

  /// Reads `digits` digits, or as many as there are.
  mutating func number(digits: Int? = nil) -> Int? {
    let word = rest.prefix { $0.isASCII && $0.isNumber }
    guard !word.isEmpty, word.count <= 9, digits.map({ word.count == $0 }) ?? true else { return nil }
    rest = rest.dropFirst(word.count)
    return Int(word)
  }
}
