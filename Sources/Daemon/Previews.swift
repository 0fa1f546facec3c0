import Capture
import Pipeline
import Synchronization

/// Each camera's newest picture, for the page; compressed only when somebody looks.
final class Previews: Sendable {
  private static let quality = 75
  private let pictures = Mutex<[String: PreviewPicture]>([:])

  /// Takes a camera's newest picture; `nil` when it no longer delivers any.
  func take(_ picture: PreviewPicture?, of camera: String) { pictures.withLock { $0[camera] = picture } }

  /// A camera's picture as JPEG, with a frame around each person; `nil` if there is none.
  func jpeg(of camera: String) throws -> [UInt8]? {
    guard let picture = pictures.withLock({ $0[camera] }) else { return nil }
    var sheet = PictureSheet(columns: 1, rows: 1, cell: picture.size)
    sheet.place(picture.pixels, picture.size, column: 0, row: 0)
    for box in picture.boxes { sheet.outline(box, (255, 200, 0), column: 0, row: 0) }
    return try sheet.jpeg(quality: Self.quality)
  }
}
