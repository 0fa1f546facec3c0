import Foundation

/// A folder with a picture, and perhaps a skeleton file, for each frame of a recording, as N-UCLA is published.
///
/// `frame_12_tc_3456_rgb.jpg` and `frame_12_tc_3456_skeletons.txt` belong to one frame; the lines of `fileList.txt`
/// start with the frames' numbers, in order.
enum FrameFolder {
  static let list = "fileList.txt"
  private static let largestList: UInt64 = 1 << 22
  private static let pictureEnding = "_rgb"
  private static let skeletonEnding = "_skeletons.txt"

  /// The part of a file name that identifies the frame: `frame_12_tc_3456`.
  private static func frame(_ name: String) -> String {
    if name.hasSuffix(skeletonEnding) { return String(name.dropLast(skeletonEnding.count)) }
    let stem = (name as NSString).deletingPathExtension
    return stem.hasSuffix(pictureEnding) ? String(stem.dropLast(pictureEnding.count)) : stem
  }

  /// File names in frame order: the order of the list if it names them all, else numeric order.
  static func ordered(_ names: [String], in folder: String) -> [String] {
    // Numeric comparison: frame_9 comes before frame_10.
    let sorted = names.sorted { $0.compare($1, options: .numeric) == .orderedAscending }
    var places: [Int: Int] = [:]
    for (place, number) in numbers(in: folder).enumerated() where places[number] == nil { places[number] = place }
    let keyed = sorted.compactMap { name -> (place: Int, name: String)? in
      var reader = NameReader(frame(name))
      guard reader.skip("frame_"), let number = reader.number(), let place = places[number] else { return nil }
      return (place, name)
    }
    guard keyed.count == sorted.count else { return sorted }
    return keyed.sorted { $0.place < $1.place }.map(\.name)
  }

  private static func numbers(in folder: String) -> [Int] {
    let path = folder + "/" + list
    guard let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? UInt64, size <= largestList,
      let data = FileManager.default.contents(atPath: path)
    else { return [] }  // The numbers in the file names give an order too.
    return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap { line in
      line.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) }
    }
  }

  /// True for a frame's skeleton file, which belongs to its folder.
  static func isSkeleton(_ name: String) -> Bool { name.hasPrefix("frame_") && name.hasSuffix(skeletonEnding) }

  /// The skeleton files of a folder's frames; `nil` for a frame that only has a picture.
  static func skeletons(in folder: String) throws(DatasetError) -> [String?] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw .unreadable(path: folder, reason: "the folder cannot be listed")
    }
    let skeletons = Dictionary(names.filter(isSkeleton).map { (frame($0), $0) }, uniquingKeysWith: min)
    let pictures = names.filter { ($0 as NSString).deletingPathExtension.hasSuffix(pictureEnding) }
    let frames = pictures.isEmpty ? Array(skeletons.values) : pictures
    return ordered(frames, in: folder).map { name in skeletons[frame(name)].map { folder + "/" + $0 } }
  }
}
