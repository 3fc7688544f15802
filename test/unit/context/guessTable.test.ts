import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { encode } from 'iconv-lite';
import { decodeBytes } from '../../../src/context/encodingNames';
import { guessEncoding } from '../../../src/context/guessEncoding';
import { encodingsByLanguage, readLanguage } from '../../support/languageTexts';
import { createFixture, type Fixture } from './contextFixture';

/** Lines, with # for a number that counts up; right: that it must be read as it is meant. */
interface Case {
  readonly encoding: string;
  readonly lines: readonly string[];
  readonly right: boolean;
}

const right = (encoding: string, ...lines: string[]): Case => ({ encoding, lines, right: true });
const doubted = (encoding: string, ...lines: string[]): Case => ({ encoding, lines, right: false });

const cases: readonly Case[] = [
  ...[
    ...['can’t open #', 'price €#', 'price £#', 'see §#', 'Copyright © 2010 item #', 'temp #°C'],
    ...['took #µs', 'a — b #', 'kaffe # på ærø', 'author Jørgen commit #', 'user Müller #'],
    ...['Feil på linje #: brukeren ble ikke funnet', 'author François #', 'author José #'],
    ...['Användaren # hittades inte på servern, försök igen', 'Þórður # æ ð'],
    ...['Käyttäjää # ei löytynyt', 'Usuário # não encontrado, tente novamente'],
    ...['x² ± #, ½, 20 µg, £30', 'He said “hello” — and she said ‘bye’… it’s # fine.'],
    ...['can’t … it’s down — “retry” #', 'Perché è così? La città # è più bella.'],
  ].map((line) => right('windows-1252', line)),
  right('windows-1252', 'José;Córdoba', 'María;Málaga', 'Íñigo;Logroño', 'Begoña;Cádiz'),
  right('windows-1252', 'Prénom;Ville', 'René;Orléans', 'Hélène;Besançon', 'Zoé;Évry'),
  right('windows-1252', 'Müller;Hauptstraße 5;München', 'Götz;Mühlenweg 1;Fürth'),
  right('windows-1252', 'João;São Paulo', 'Inês;Brasília', 'Antônio;Belém'),
  right('windows-1254', 'Ad;Şehir', 'Ayşe;İstanbul', 'Çağlar;Eskişehir', 'Gökçe;İzmir'),
  right('windows-1254', 'Kullanıcı # bulunamadı, lütfen tekrar deneyin şifre'),
  right('euc-jp', 'エラー: 要求番号 # の処理に失敗しました'),
  right('euc-jp', 'ユーザー # が見つかりません'),
  right('euc-jp', '接続がタイムアウトしました #'),
  right('euc-jp', '名前,住所', '田中太郎,東京都', '鈴木花子,大阪府'),
  right('shift_jis', 'ユーザー # が見つかりません'),
  right('shift_jis', '名前,住所', '田中太郎,東京都', '鈴木花子,大阪府'),
  right('shift_jis', '// 作者: 田中', 'return 0; // ゼロを返す'),
  right('gbk', '错误：请求编号 # 处理失败，请稍后再试'),
  right('gbk', '姓名,城市', '张伟,北京', '王芳,上海'),
  right('big5', '使用者 # 找不到，請稍後再試一次'),
  right('big5', '姓名,城市', '陳小明,台北', '林美麗,高雄'),
  right('euc-kr', '사용자 # 을 찾을 수 없습니다'),
  right('euc-kr', '이름,도시', '김철수,서울', '이영희,부산'),
  ...['windows-1251', 'koi8-r', 'ibm866', 'iso-8859-5'].map((encoding) =>
    right(encoding, 'Пользователь # не найден, повторите попытку позже'),
  ),
  right('windows-1253', 'Ο χρήστης # δεν βρέθηκε'),
  right('windows-1255', 'המשתמש # לא נמצא'),
  right('windows-1256', 'المستخدم # غير موجود'),
  doubted('gbk', '连接超时 #'),
  doubted('big5', '使用者 # 找不到'),
  doubted('shift_jis', 'ｱｲｳｴｵ ﾃｽﾄ #'),
  doubted('cp437', 'Größe # über'),
  doubted('cp850', 'Größe über Straße: ä ö ü ß é è ç ñ. #'),
  doubted('macintosh', 'naïve über #'),
  doubted('windows-1250', 'Użytkownik # nie został znaleziony'),
  doubted('iso-8859-2', 'Użytkownik # nie został znaleziony'),
  doubted('windows-1250', 'Uživatel # nebyl nalezen, zkuste to později'),
  doubted('windows-1250', 'Ime;Grad', 'Željko;Šibenik', 'Đurđa;Čakovec'),
  doubted('windows-1250', 'A felhasználó # nem található, próbálja újra később'),
  doubted('windows-874', 'ไม่พบผู้ใช้ #'),
  doubted('windows-1257', 'Vartotojas # nerastas, bandykite vėliau dar kartą šį'),
  doubted('windows-1257', 'Tere päevast, kuidas läheb? Õhtu on öö, šokolaad ja žanr. #'),
  ...['cp437', 'ibm866'].flatMap((encoding) => [
    right(encoding, '┌────┐', '│ OK │', '└────┘'),
    right(encoding, '#', '\n════════════════'),
  ]),
  right('cp437', '╒════╤════╕', '│ # B │ C  │', '╞════╪════╡', '╘════╧════╛'),
  ...['cp437', 'cp850'].flatMap((encoding) => [
    right(encoding, '┌────────┬───┐', '│ Prénom │ # │', '├────────┼───┤', '│ Hélène │ 2 │'),
    right(encoding, '╔════════╗', '║ Größe  ║', '║ Äpfel  ║', '╚════════╝', 'Müller # über'),
    right(encoding, 'Größe über # für Müller'),
    right(encoding, 'déjà été # : où ça, naïve façade'),
    doubted(encoding, 'naïve # façade, déjà vu'),
  ]),
  right('cp437', '╔════════╗', '║ Größe  ║', '╟────────╢', '║ Äpfel  ║', '╚════════╝'),
  right('cp850', '┌────────┐', '│ São #  │', '│ Inês   │', '│ Antônio│', '└────────┘'),
  right('ibm866', '┌────────┐', '│ Имя    │', '│ Город #│', '│ Москва │', '└────────┘'),
  right('cp852', '┌────────┐', '│ Łódź # │', '│ Gdańsk │', '│ Wrocław│', '└────────┘'),
  right('cp737', '┌────────┐', '│ Όνομα  │', '│ Πόλη # │', '│ Αθήνα  │', '└────────┘'),
  ...Object.entries(encodingsByLanguage).flatMap(([language, encodings]) => {
    const lines = readLanguage(language).slice(0, 6_000).split('\n').slice(0, 40);
    return encodings.map((encoding) => doubted(encoding, ...lines));
  }),
];

const asciiLine = '2026-03-01 12:34:56 INFO request served in 12 ms';

function toBytes({ encoding, lines }: Case, count: number, asciiLines: number): Buffer {
  const all = Array.from({ length: count }, (_, at) => {
    const line = `2026-01-0${1 + (at % 9)} ${(lines[at % lines.length] ?? '').replaceAll('#', `${at}`)}`;
    return [line, ...Array.from({ length: asciiLines }, () => asciiLine)].join('\n');
  });
  return encode(all.join('\n'), encoding.replace('x-mac-cyrillic', 'maccyrillic'));
}

describe('guesses over kinds of text', () => {
  for (const count of [3, 30, 300, 4_000]) {
    for (const asciiLines of [0, 3]) {
      it(`are right or doubted for ${count} lines with ${asciiLines} in ASCII after each`, function () {
        this.timeout(120_000);
        const silent: string[] = [];
        const wrong: string[] = [];
        const unnamed: string[] = [];
        for (const one of cases) {
          const bytes = toBytes(one, count, asciiLines);
          const meant = decodeBytes(bytes, one.encoding);
          if (!/[^\0-\x7f]/u.test(meant)) {
            continue;
          }
          const { encoding, isDoubtful, others } = guessEncoding(bytes);
          const isRight = decodeBytes(bytes, encoding) === meant;
          const name = `${one.encoding} as ${encoding}: ${one.lines[0] ?? ''}`;
          silent.push(...(isRight || isDoubtful ? [] : [name]));
          wrong.push(...(isRight || !one.right ? [] : [name]));
          unnamed.push(...([encoding, ...others].includes('windows-1252') ? [] : [name]));
        }
        assert.deepStrictEqual([silent, wrong, unnamed], [[], [], []]);
      });
    }
  }

  it('are the same when a text is repeated and has ASCII lines among it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...cases),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.string({ unit: 'grapheme-ascii' }), { maxLength: 5 }),
        (one, repeats, ascii) => {
          const bytes = toBytes(one, one.lines.length, 0);
          const more = Buffer.from(`\n${ascii.join('\n')}\n`);
          const all = Array.from({ length: repeats }, () => [bytes, more]).flat();
          assert.deepStrictEqual(guessEncoding(Buffer.concat(all)), guessEncoding(bytes));
        },
      ),
      { numRuns: 100 },
    );
  });

  describe('of files', () => {
    let fixture: Fixture;

    before(async () => {
      fixture = await createFixture();
    });

    after(() => fixture.dispose());

    it('hold in a large file, and come with a warning unless they verify themselves', async function () {
      this.timeout(120_000);
      for (const one of cases.filter((each) => each.right)) {
        for (const asciiLines of [0, 20]) {
          const bytes = toBytes(one, 6_000, asciiLines);
          await fixture.write({ 'sample.txt': bytes });
          const { sources, warnings } = await fixture.read('sample.txt');
          const name = `${one.encoding} ${one.lines[0] ?? ''}`;
          assert.ok(sources[0]?.[1] === decodeBytes(bytes, one.encoding), name);
          const isWide = /^(?:euc-jp|shift_jis|gbk|big5|euc-kr)$/u.test(one.encoding);
          assert.ok(
            isWide || /windows-1252.*Give `encoding`/u.test(warnings.join()),
            `${name}: ${warnings.join()}`,
          );
        }
      }
    });

    it('are not needed for ASCII, UTF-8 and UTF-16', async () => {
      for (const encoding of ['ascii', 'utf-8', 'utf-16le', 'utf-16be']) {
        const line = encoding === 'ascii' ? asciiLine : `${asciiLine} café 日本語`;
        await fixture.write({ 'sample.txt': encode(`${line}\n`.repeat(3_000), encoding) });
        assert.deepStrictEqual((await fixture.read('sample.txt')).warnings, []);
      }
    });
  });
});
