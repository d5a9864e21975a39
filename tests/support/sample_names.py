"""Invented people for the sample company: given names and surnames of its offices.

A name that is not in Latin script stands with its transliteration, ``native|latin``; all others are transliterated by
:func:`latin`. Where a language inflects surnames by gender, the given names are of one gender or the surnames do not
inflect, so that every combination is a name somebody could have.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple


class Office(NamedTuple):
    """One office: its organizational unit and the names found there."""

    city: str
    given: tuple[str, ...]
    surnames: tuple[str, ...]
    surname_first: bool = False


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


OFFICES = (
    Office(
        "Köln",
        _words("Jürgen Anneliese Björn Käthe Uwe Sören Heike Gößwin"),
        _words("Müller Weiß Größing Schäfer Köhler Jäger Vogel Strauß"),
    ),
    Office(
        "Besançon",
        _words("Stéphane Chloé François Maëlle Jérôme Noëlle Zoé Benoît"),
        _words("Lefèvre Garçon Châtelain D'Aubigné Béranger Fournier Hébert Le_Goff"),
    ),
    Office(
        "Kraków",
        _words("Łukasz Małgorzata Grażyna Wojciech Bożena Zbigniew Żaneta Paweł"),
        _words("Nowak Wójcik Mazur Dąbrowa Kaźmierczak Pawlak Gołąb Sobczak"),
    ),
    Office(
        "Brno",
        _words("Jiří Kateřina Ondřej Věra Šárka Tomáš Zdeňka Luděk"),
        _words("Krejčí Kočí Hořejší Martinů Petrů Dolejší Pavlů Janů"),
    ),
    Office(
        "İzmir",
        _words("Çağla Işıl Gökhan Şebnem Ömer Tuğba İlker Ülkü"),
        _words("Yıldız Şahin Çelik Öztürk Güneş Kılıç Aydın Doğan"),
    ),
    Office(
        "Θεσσαλονίκη",
        _words(
            "Ελένη|Eleni Γιώργος|Giorgos Μαρία|Maria Νίκος|Nikos Σοφία|Sofia Άρης|Aris Θάλεια|Thaleia Πέτρος|Petros"
        ),
        _words(
            "Παπανδρέου|Papandreou Γεωργίου|Georgiou Νικολάου|Nikolaou Ιωάννου|Ioannou Δημητρίου|Dimitriou "
            "Οικονόμου|Oikonomou Αντωνίου|Antoniou Βασιλείου|Vasileiou"
        ),
    ),
    Office(
        "Львів",
        _words("Олена|Olena Тарас|Taras Ірина|Iryna Юрій|Yurii Оксана|Oksana Богдан|Bohdan Ганна|Hanna Їжак|Izhak"),
        _words(
            "Шевченко|Shevchenko Бондаренко|Bondarenko Ткаченко|Tkachenko Мельник|Melnyk Олійник|Oliinyk "
            "Кравченко|Kravchenko Гончар|Honchar Коваленко|Kovalenko"
        ),
    ),
    Office(
        "Akureyri",
        _words("Þórdís Guðrún Sigríður Ásta Hjördís Ólöf Bryndís Ragnheiður"),
        _words(
            "Jónsdóttir Þorvaldsdóttir Ægisdóttir Sigurðardóttir Björnsdóttir Gísladóttir Hallsdóttir Kristjánsdóttir"
        ),
    ),
    Office(
        "Gaillimh",
        _words("Seán Pádraig Micheál Diarmuid Éamon Cillian Tomás Ruairí"),
        _words("Ó_Briain O'Neill Ó_Súilleabháin O'Dwyer Mac_Cárthaigh Ó_Conaill O'Hara Ó_Murchú"),
    ),
    Office(
        "Málaga",
        _words("Íñigo Begoña Ángel Lucía Andrés Inés Jesús Rocío"),
        _words("Muñoz_Peña García_Núñez Ibáñez Ordóñez Cañas_Ríos Yáñez Béjar_Sáez Zúñiga"),
    ),
    Office(
        "São Carlos",
        _words("João Conceição Luís Inês Simão Patrícia Antônio Fátima"),
        _words("Gonçalves Simões Brandão Araújo Assunção Magalhães Falcão Leitão"),
    ),
    Office(
        "Đà Nẵng",
        _words("Hương Dũng Ngọc Đức Thảo Quỳnh Hiếu Mỹ"),
        _words("Nguyễn Trần Phạm Đặng Bùi Võ Hoàng Lê"),
        surname_first=True,
    ),
    Office(
        "大阪",
        _words("さくら|Sakura 健太|Kenta 陽子|Yoko 大輔|Daisuke 美咲|Misaki 翔|Sho 直樹|Naoki 恵|Megumi"),
        _words("髙橋|Takahashi 山本|Yamamoto 渡邉|Watanabe 小林|Kobayashi 中村|Nakamura 斎藤|Saito 森|Mori 井上|Inoue"),
        surname_first=True,
    ),
    Office(
        "부산",
        _words(
            "민준|Minjun 서연|Seoyeon 지우|Jiwoo 현우|Hyunwoo 수빈|Subin 예은|Yeeun 도윤|Doyun 하은|Haeun",
        ),
        _words("김|Kim 이|Lee 박|Park 최|Choi 정|Jung 강|Kang 조|Cho 윤|Yoon"),
        surname_first=True,
    ),
    Office(
        "بيروت",
        _words("نور|Nour يوسف|Yousef ليلى|Layla سمير|Samir كريم|Karim هدى|Huda رامي|Rami منى|Mona"),
        _words(
            "حداد|Haddad خوري|Khoury ناصر|Nasser منصور|Mansour صباغ|Sabbagh قاسم|Kassem عيسى|Issa طنوس|Tannous",
        ),
    ),
    Office(
        "Jyväskylä",
        _words("Päivi Väinö Mäkelä-Outi Yrjö Tähti Heikki Säde Jyrki"),
        _words("Hämäläinen Lähteenmäki Jyrkkä Äijälä Mäkinen Söderström Räsänen Öhman"),
    ),
    Office(
        "Põltsamaa",
        _words("Kätlin Tõnu Märt Õnne Jüri Häli Sävve Ülo"),
        _words("Tamm Mägi Sepp Kõiv Põld Rätsep Öpik Jõgi"),
    ),
    Office(
        "Iași",
        _words("Ștefan Ilinca Răzvan Mădălina Andreea Cătălin Ionuț Ruxandra"),
        _words("Țurcanu Bălan Mureșan Știrbu Câmpeanu Păun Oprișan Brătianu"),
    ),
    Office(
        "Székesfehérvár",
        _words("Zoltán Gyöngyi Örs Bálint Ágnes Márton Csilla Győző"),
        _words("Szűcs Kőszegi Fülöp Vörös Szőke Bíró Újvári Ördög"),
        surname_first=True,
    ),
)

_LETTERS = str.maketrans({
    "ß": "ss", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i",
    "æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", " ": "",
})  # fmt: skip


def latin(name: str) -> str:
    """The name in plain ASCII letters, as an administrator would type it into a sign-in name."""
    _native, separator, given = name.partition("|")
    decomposed = unicodedata.normalize("NFKD", (given if separator else name).translate(_LETTERS))
    return "".join(letter for letter in decomposed if ord(letter) < 128)


def native(name: str) -> str:
    """The name in its own script."""
    return name.partition("|")[0]


def employees(per_office: int) -> list[tuple[Office, str, str]]:
    """``(office, given name, surname)`` for each office in turn; at most sixteen an office, none twice."""
    people = []
    for office in OFFICES:
        for number in range(per_office):
            given = office.given[number % 8]
            surname = office.surnames[(3 * number + number // 8) % 8]
            people.append((office, given, surname))
    return people
